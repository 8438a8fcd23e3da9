#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "incident/slots.h"
#include "ports/llm/llm.h"
#include "ports/store/journal.h"
#include "ports/store/signals.h"
#include "types/alias.h"
#include "types/consultation.h"
#include "types/incident_record.h"

namespace healer {

// What became of asking; `because` is for the timeline.
struct Opinion {
  std::optional<Analysis> analysis;  // nullopt: the embedded brain's stands
  std::string because;
  WriteBatch remember;  // committed with the step that asked
};

// Asks a language model about failures that the embedded brain does not know well: once per
// fingerprint, so often an hour, so many at once. Whatever goes wrong, the embedded analysis
// stands. Its answers are kept as key-values (limits::kConsultedKept). Blocks; thread-safe.
class Consultant {
 public:
  Consultant(LlmClient& llm, JournalReader& journal, LookupReader& lookup,
             std::function<int()> calls_per_hour_max, std::vector<NameKind> hidden = kAllNames);

  // True for what is uncertain, and for what is serious and no known failure of a product. Pure.
  static bool wants(const Analysis& analysis, double confidence_min);

  // Empty where as many are asked as may be at once; held while ask() runs.
  Slots::Taken try_enter() { return slots_.try_take(); }

  // Errors are the store's, and cancelled; the model's are opinions.
  Result<Opinion> ask(const IncidentRecord& record, double confidence_min, UnixMs now);

 private:
  Result<std::vector<KeyValue>> kept() const;
  bool take_call(const std::vector<KeyValue>& kept, UnixMs now);
  Opinion remember(const IncidentRecord& record, std::vector<KeyValue> kept, Consultation said,
                   double confidence_min) const;

  LlmClient& llm_;
  JournalReader& journal_;
  LookupReader& lookup_;
  const std::function<int()> calls_per_hour_max_;
  const std::vector<NameKind> hidden_;  // what the model sees aliases of
  Slots slots_;
  std::mutex mutex_;
  std::optional<std::deque<UnixMs>> calls_;  // of the last hour; read from what is kept at first
};

}  // namespace healer
