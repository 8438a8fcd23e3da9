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
  std::vector<CountDelta> counts;
  std::map<std::string, std::string> checkpoints;
  std::unordered_map<Fingerprint, IncidentRecord> openings;
  struct More {
    std::int64_t n = 0;
    UnixMs last_seen = 0, arrival = 0;
    Fingerprint fingerprint = 0;
    bool waiting = false;
    std::optional<bool> alert_firing;
  };
  std::map<std::string, More> seen;  // by incident

  bool empty() const { return counts.empty() && checkpoints.empty(); }
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
  void file(Effect& effect, const Finding& finding, Receipt& receipt, UnixMs now);
  void open(Effect& effect, const Finding& finding, const std::string& parent, Receipt& receipt,
            UnixMs now);
  std::optional<OpenIncidents::Known> known(Fingerprint fingerprint);
  WriteBatch batch_of(const Effect& effect);
  CommitResult commit_once(const Effect& effect);
  bool join_existing(Effect& effect, std::vector<Receipt>& receipts);
  void after_commit(const Effect& effect);

  PipelineWorld world_;
  TemplateIds template_ids_;
  Miner miner_;
  AnalyzeState analyzed_;
  std::vector<LogTemplate> changed_;  // not yet on disk
  std::map<std::string, Told> signals_;
  UnixMs signals_due_ = 0;
};

}  // namespace healer
