#pragma once
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/pipeline/pipeline.h"
#include "stages/analyze/analyze.h"
#include "stages/mine/miner.h"
#include "types/incident_record.h"

namespace healer {

// What payloads change, collected until it is committed as one batch.
struct Effect {
  std::vector<CountDelta> counts;  // one per fingerprint, instance and version
  std::map<std::string, std::string> checkpoints;
  std::unordered_map<std::string, std::size_t> opened_of;  // openings of a service
  std::vector<std::string> dropped;                        // checkpoints of files that are gone
  std::unordered_map<Fingerprint, IncidentRecord> openings;
  struct More {
    std::int64_t n = 0;
    UnixMs last_seen = 0, arrival = 0;
    Fingerprint fingerprint = 0;
    bool waiting = false;
    std::optional<bool> alert_firing;
  };
  std::map<std::string, More> seen;                          // by incident
  std::vector<std::pair<IdempotencyKey, std::size_t>> once;  // and whose receipt it keeps

  void count(CountDelta delta);
  bool holds(const IdempotencyKey& key) const;
  bool empty() const { return counts.empty() && checkpoints.empty() && dropped.empty(); }

 private:
  std::unordered_map<std::uint64_t, std::size_t> count_of_;  // hash of a delta's key to its place
};

// Records into counts, findings and incidents. Owned by the pipeline's thread.
class Findings {
 public:
  explicit Findings(PipelineWorld world);

  Result<void> restore();
  Receipt add(Effect& effect, RecordBatch& batch, UnixMs now, bool always = false);
  void add(Effect& effect, RecordBatch&& batch, UnixMs now) { add(effect, batch, now, false); }
  // Blocks until it is on disk or refused; then nothing of it is. Receipts name the incidents that
  // it became part of.
  CommitResult commit(Effect& effect, std::vector<Receipt>& receipts);

  // More records of an incident that waits for a decision are told to it, but not each of them.
  UnixMs signals_due_at() const { return signals_.empty() ? 0 : signals_due_; }
  void send_due_signals();

 private:
  struct Told {
    UnixMs arrival, written;
  };
  bool keeps_apart(const LogRecord& record, UnixMs now);
  enum class Flood { own_incident, one_incident };  // what becomes of too many new failures
  void file(Effect& effect, const Finding& finding, Receipt& receipt, UnixMs now, Flood flood);
  void open(Effect& effect, const Finding& finding, const std::string& parent, Receipt& receipt,
            UnixMs now);
  bool is_flooded(const Effect& effect, const std::string& service, UnixMs now) const;
  std::optional<OpenIncidents::Known> known(Fingerprint fingerprint);
  WriteBatch batch_of(const Effect& effect, const std::vector<Receipt>& receipts);
  CommitResult commit_once(const Effect& effect, const std::vector<Receipt>& receipts);
  bool join_existing(Effect& effect, std::vector<Receipt>& receipts);
  void after_commit(const Effect& effect);

  PipelineWorld world_;
  TemplateIds template_ids_;
  Miner miner_;
  AnalyzeState analyzed_;
  std::vector<LogTemplate> changed_;  // not yet on disk
  std::map<std::string, Told> signals_;
  UnixMs signals_due_ = 0;
  struct Opened {
    UnixMs since = 0;
    std::size_t n = 0;
  };
  std::unordered_map<std::string, Opened> opened_;  // by service, of late
  std::unordered_set<std::uint64_t> instances_;     // instance and version, seen in this hour
  UnixMs instances_hour_ = 0;
};

}  // namespace healer
