#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/breaker.h"
#include "incident/slots.h"
#include "incident/spending.h"
#include "ports/llm/llm.h"
#include "ports/store/journal.h"
#include "ports/store/signals.h"
#include "types/alias.h"
#include "types/consultation.h"
#include "types/incident_record.h"

namespace healer {

// One of the models that may be asked; `llm` outlives the consultant.
struct Mind {
  std::string name;  // in timelines and metrics
  std::string api;   // "openai", …: the first part of the brain that an answer names
  LlmClient* llm = nullptr;
  double usd_per_million_input = 0, usd_per_million_output = 0;
};

struct ConsultantOptions {
  int calls_per_hour_max = 60;
  int retries_max = 2;  // of a call that failed and may pass
  BreakerOptions breaker;
  LlmBudget budget;
  std::vector<NameKind> hidden = kAllNames;  // of these a model sees an alias
};

struct Question {
  const IncidentRecord& record;
  std::string repository;  // whose budget it is
  double confidence_min = 0;
  UnixMs now = 0;
};

// What became of asking; `because` is for the timeline.
struct Opinion {
  std::optional<Analysis> analysis;  // nullopt: the embedded brain's stands
  std::string because;
  WriteBatch remember;  // committed with the step that asked
  UnixMs again_at = 0;  // not 0: no opinion yet; ask again then, with this in the record:
  Consulting consulting;
};

// Asks language models about failures that the embedded brain does not know well: once per
// fingerprint, one model after the other until one can say, so often an hour, so many at once,
// within a budget. Whatever goes wrong, the embedded analysis stands. Answers are kept as
// key-values (limits::kConsultedKept). Blocks while a model is asked, never to wait for another
// try; thread-safe.
class Consultant {
 public:
  Consultant(std::vector<Mind> minds, JournalReader& journal, LookupReader& lookup,
             std::function<ConsultantOptions()> options);

  // True for what is uncertain, and for what is serious and no known failure of a product. Pure.
  static bool wants(const Analysis& analysis, double confidence_min);

  // Empty where as many are asked as may be at once; held while ask() runs.
  Slots::Taken try_enter() { return slots_.try_take(); }

  // Errors are the store's, and cancelled; the models' are opinions.
  Result<Opinion> ask(const Question& question);

 private:
  // What one model said, or why it did not.
  struct Said {
    std::optional<Analysis> analysis;
    std::string trouble;
    UnixMs again_at = 0;  // not 0: the trouble may pass until then
    Aliases names = {};
  };

  std::optional<Opinion> known(const Question& question, const std::optional<std::string>& row);
  Result<Said> ask_one(std::size_t at, const Question& question, Consulting& consulting);
  Result<Result<LlmAnswer>> call(std::size_t at, const Question& question, Consulting& consulting,
                                 Prompt prompt);
  Result<std::string> hindrance(std::size_t at, const Question& question, Consulting& consulting,
                                const Spent& cost);
  Said failed(std::size_t at, const Question& question, Consulting& consulting, const Error& error);
  Result<std::vector<KeyValue>> kept() const;
  Result<bool> take_call(UnixMs now, int calls_max);
  Result<Opinion> remember(const Question& question, const Consulting& consulting,
                           Consultation said);

  const std::vector<Mind> minds_;
  std::vector<std::unique_ptr<Breaker>> breakers_;  // one for each
  JournalReader& journal_;
  LookupReader& lookup_;
  const std::function<ConsultantOptions()> options_;
  Spending spending_;
  Slots slots_;
  std::mutex mutex_;
  std::optional<std::deque<UnixMs>> calls_;  // of the last hour; read from what is kept at first
};

}  // namespace healer
