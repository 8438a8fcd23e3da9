#include "incident/consultant.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "base/metrics.h"
#include "incident/judgement.h"
#include "incident/prompts.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr const char* kSpace = "consulted";
constexpr int kConcurrentMax = 2;  // the other step threads stay free for fixes
constexpr Millis kHour{3'600'000};
constexpr Millis kRestAfterTrouble{3'600'000};  // then the same failure may be asked about again
constexpr int kAnswerTokensMax = 600;
constexpr std::size_t kTroubleBytesMax = 400;

void count(std::string_view outcome) {
  ++Metrics::counter("consultations_total", fmt::format("outcome={}", outcome));
}

std::string in_vain(const std::string& trouble) {
  return "the model was asked in vain, the embedded analysis stands: " + trouble;
}

std::string not_asked(int calls_max) {
  return fmt::format(
      "the model was not asked, the embedded analysis stands: {} an hour are allowed (setting "
      "llm.calls_per_hour_max)",
      calls_max == 1 ? "1 call" : fmt::format("{} calls", calls_max));
}

UnixMs asked_at(const KeyValue& row) {
  const auto said = from_json<Consultation>(row.bytes);
  return said ? UnixMs{said->at} : 0;
}

}  // namespace

Consultant::Consultant(LlmClient& llm, JournalReader& journal, LookupReader& lookup,
                       std::function<int()> calls_per_hour_max)
    : llm_(llm),
      journal_(journal),
      lookup_(lookup),
      calls_per_hour_max_(std::move(calls_per_hour_max)),
      slots_(kConcurrentMax) {}

bool Consultant::wants(const Analysis& analysis, double confidence_min) {
  if (analysis.uncertain || analysis.confidence < confidence_min) return true;
  const bool known = !analysis.knowledge.empty() && !analysis.knowledge.starts_with("generic.") &&
                     !analysis.knowledge.starts_with("fallback.");
  return analysis.severity >= Severity::high && !known;
}

Result<std::vector<KeyValue>> Consultant::kept() const { return journal_.values(kSpace, ""); }

// False where the hour's calls are spent. The window outlives a restart: what is kept says when.
bool Consultant::take_call(const std::vector<KeyValue>& kept, UnixMs now) {
  std::lock_guard lock(mutex_);
  if (!calls_) {
    calls_.emplace();
    for (const auto& row : kept) calls_->push_back(asked_at(row));
    std::ranges::sort(*calls_);
  }
  while (!calls_->empty() && calls_->front() <= now - kHour.count()) calls_->pop_front();
  if (std::cmp_greater_equal(calls_->size(), calls_per_hour_max_())) return false;
  calls_->push_back(now);
  return true;
}

Opinion Consultant::remember(const IncidentRecord& record, std::vector<KeyValue> kept,
                             Consultation said, double confidence_min) const {
  Opinion out;
  if (said.trouble.empty()) {
    out.analysis = merged(record.analysis, said.analysis, confidence_min);
    out.because = fmt::format("{} was asked: {} {}, confidence {:.2f}", said.analysis.brain,
                              to_string(said.analysis.severity), to_string(said.analysis.category),
                              said.analysis.confidence);
  } else {
    out.because = in_vain(said.trouble);
  }
  const std::string& key = record.incident.fingerprint;
  out.remember.add(PutValue{{kSpace, key, to_json(said)}});
  std::erase_if(kept, [&](const KeyValue& row) { return row.key == key; });
  if (kept.size() < limits::kConsultedKept) return out;
  ++Metrics::counter("consulted_kept_limit_hits");
  const auto oldest = std::ranges::min_element(kept, {}, asked_at);
  out.remember.add(DropValue{kSpace, oldest->key});
  return out;
}

Result<Opinion> Consultant::ask(const IncidentRecord& record, double confidence_min, UnixMs now) {
  if (const auto row = TRY(lookup_.value(kSpace, record.incident.fingerprint))) {
    const auto said = from_json<Consultation>(*row);
    if (said && said->trouble.empty()) {
      count("known");
      return Opinion{
          merged(record.analysis, said->analysis, confidence_min),
          fmt::format("{} was asked about this failure before: {} {}", said->analysis.brain,
                      to_string(said->analysis.severity), to_string(said->analysis.category)),
          {}};
    }
    if (said && said->at > now - kRestAfterTrouble.count()) {
      count("rests");
      return Opinion{{}, in_vain(said->trouble), {}};
    }
  }
  auto rows = TRY(kept());
  if (!take_call(rows, now)) {
    count("over_budget");
    return Opinion{{}, not_asked(calls_per_hour_max_()), {}};
  }
  const auto answer = llm_.complete({.pieces = consult_prompt(record),
                                     .tokens_max = kAnswerTokensMax,
                                     .json_schema = answer_schema()});
  if (!answer && answer.error().code == Errc::cancelled) return std::unexpected(answer.error());
  Consultation said{.at = now, .trouble = {}, .analysis = {}};
  const auto read = answer ? read_judgement(*answer, "openai")
                           : Result<Analysis>(std::unexpected(answer.error()));
  if (read) {
    said.analysis = *read;
    count("answered");
  } else {
    const Error& error = read.error();
    said.trouble = one_line(answer ? "its answer is no analysis: " + error.message : error.message,
                            kTroubleBytesMax);
    count(answer ? "unreadable" : errc_name(error.code));
  }
  return remember(record, std::move(rows), std::move(said), confidence_min);
}

}  // namespace healer
