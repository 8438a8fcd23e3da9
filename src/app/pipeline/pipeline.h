#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/pipeline/open_incidents.h"
#include "app/pipeline/service_map.h"
#include "base/clock.h"
#include "base/ids.h"
#include "incident/commands.h"
#include "incident/ledger.h"
#include "ports/store/store.h"
#include "sources/tail/tail.h"
#include "stages/analyze/knowledge.h"
#include "stages/ingest/payload.h"
#include "types/alert.h"
#include "types/idempotency_key.h"
#include "types/policy.h"
#include "types/severity.h"

namespace healer {

// What became of a payload, once that is on disk.
struct Receipt {
  std::size_t records = 0;
  std::string incident;  // the worst that they are part of; empty if none
  bool is_new = false;   // opened by them
  Severity severity = Severity::low;
  bool replayed = false;  // of an earlier request with the same key

  void joins(const std::string& id, bool opened, Severity how_bad);  // kept if it is the worst
  std::string kept(std::uint64_t request) const;                     // as stored under a key
};

struct PipelineWorld {
  Store& store;
  JournalWriter& journal;  // publishes incidents
  Orchestrator& orchestrator;
  IncidentCommands& commands;
  const Knowledge& knowledge;
  ServiceMap& services;
  OpenIncidents& open;
  StormWatch& storm;
  const Clock& clock;
  Ids& ids;
  std::function<Policy()> policy;
  std::function<Millis()> event_gap;
};

// The signal plane: one thread takes payloads, makes records, templates, counts and findings of
// them, and commits their whole effect in one batch before it acknowledges. Bounded by bytes.
class Pipeline {
 public:
  using Done = std::move_only_function<void(Result<Receipt>)>;

  explicit Pipeline(PipelineWorld world);
  ~Pipeline();

  Result<void> start();  // reads templates; begins to work
  void stop();           // what is queued is finished; open events are handed on

  // A body that came whole. `always`: make an incident of it whatever its severity. full: the queue
  // has no room; try again. With a key it has its effect once, and every repetition gets the same
  // receipt; conflict: the key came with another request. `done` runs on the pipeline's thread.
  void submit(RawPayload payload, bool always, IdempotencyKey once, Done done);
  void submit(std::vector<Alert> alerts, IdempotencyKey once, Done done);

  // Lines of a file; taken means that they will be committed with their checkpoint, whatever it
  // takes.
  SinkAnswer tail(RawPayload payload, Checkpoint after);
  void tail_ended(std::string_view key);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace healer
