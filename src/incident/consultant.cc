#include "incident/consultant.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
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
constexpr RetryPolicy kRetries{.first = Millis(1'000), .longest = Millis(20'000)};
constexpr int kAnswerTokensMax = 600;
constexpr std::size_t kTroubleBytesMax = 400;
constexpr std::size_t kBytesPerToken = 3;  // rather too few: a budget is no aim

void count(std::string_view outcome) {
  ++Metrics::counter("consultations_total", fmt::format("outcome={}", outcome));
}

void count_of(const Mind& mind, std::string_view name) {
  ++Metrics::counter(name, "model=" + mind.name);
}

std::string in_vain(const std::string& trouble) {
  return "the model was asked in vain, the embedded analysis stands: " + trouble;
}

std::string not_asked(const std::string& trouble) {
  return "the model was not asked, the embedded analysis stands: " + trouble;
}

UnixMs asked_at(const KeyValue& row) {
  const auto said = from_json<Consultation>(row.bytes);
  return said ? UnixMs{said->at} : 0;
}

std::int64_t tokens_of(std::size_t bytes) {
  return static_cast<std::int64_t>((bytes + kBytesPerToken - 1) / kBytesPerToken);
}

// Dollars for a million tokens are micro-dollars for one.
Spent price(const Mind& mind, const std::string& repository, std::int64_t prompt,
            std::int64_t answer) {
  const double micro_usd = static_cast<double>(prompt) * mind.usd_per_million_input +
                           static_cast<double>(answer) * mind.usd_per_million_output;
  return {.repository = repository,
          .tokens = prompt + answer,
          .micro_usd = static_cast<std::int64_t>(std::ceil(micro_usd))};
}

// What is not known to have been free is booked as if all of it was used.
Spent took(const Mind& mind, const Spent& booked, const Result<LlmAnswer>& answer) {
  if (answer && answer->prompt_tokens > 0)
    return price(mind, booked.repository, answer->prompt_tokens, answer->answer_tokens);
  const bool answered = answer || answer.error().code == Errc::corrupt ||
                        answer.error().code == Errc::unsupported ||
                        answer.error().code == Errc::timeout;
  return answered ? booked : Spent{.repository = booked.repository};
}

// The server or the line to it, not what the model said.
bool is_of_the_server(Errc code) { return code != Errc::unsupported && code != Errc::full; }

bool may_pass(Errc code) { return code == Errc::upstream || code == Errc::timeout; }

}  // namespace

Consultant::Consultant(std::vector<Mind> minds, JournalReader& journal, LookupReader& lookup,
                       std::function<ConsultantOptions()> options)
    : minds_(std::move(minds)),
      journal_(journal),
      lookup_(lookup),
      options_(std::move(options)),
      spending_(journal),
      slots_(kConcurrentMax) {
  for (std::size_t i = 0; i < minds_.size(); ++i) breakers_.push_back(std::make_unique<Breaker>());
}

bool Consultant::wants(const Analysis& analysis, double confidence_min) {
  if (analysis.uncertain || analysis.confidence < confidence_min) return true;
  const bool known = !analysis.knowledge.empty() && !analysis.knowledge.starts_with("generic.") &&
                     !analysis.knowledge.starts_with("fallback.");
  return analysis.severity >= Severity::high && !known;
}

Result<std::vector<KeyValue>> Consultant::kept() const { return journal_.values(kSpace, ""); }

// False where the hour's calls are spent. The window outlives a restart: what is kept says when.
Result<bool> Consultant::take_call(UnixMs now, int calls_max) {
  std::lock_guard lock(mutex_);
  if (!calls_) {
    std::deque<UnixMs> calls;
    for (const auto& row : TRY(kept())) calls.push_back(asked_at(row));
    std::ranges::sort(calls);
    calls_ = std::move(calls);
  }
  while (!calls_->empty() && calls_->front() <= now - kHour.count()) calls_->pop_front();
  if (std::cmp_greater_equal(calls_->size(), calls_max)) return false;
  calls_->push_back(now);
  return true;
}

// Why this call may not be made; empty: it may, and is booked.
Result<std::string> Consultant::hindrance(std::size_t at, const Question& question,
                                          Consulting& consulting, const Spent& cost) {
  const ConsultantOptions options = options_();
  const std::string& incident = question.record.incident.id;
  std::string spent =
      TRY(spending_.book(options.budget, incident, consulting.spent, cost, question.now));
  if (!spent.empty()) return spent;
  std::string why;
  if (!breakers_[at]->may_call(options.breaker, question.now)) {
    count_of(minds_[at], "llm_calls_spared_total");
    why = "it is spared: it failed too often, or asked for time";
  } else if (!TRY(take_call(question.now, options.calls_per_hour_max))) {
    ++Metrics::counter("llm_calls_per_hour_limit_hits");
    const int calls = options.calls_per_hour_max;
    why = fmt::format("{} an hour are allowed (setting llm.calls_per_hour_max)",
                      calls == 1 ? "1 call" : fmt::format("{} calls", calls));
  }
  if (!why.empty()) spending_.correct(incident, consulting.spent, cost, {});
  return why;
}

// The outer error is the store's; denied, without a code of the model's: it may not be called.
Result<Result<LlmAnswer>> Consultant::call(std::size_t at, const Question& question,
                                           Consulting& consulting, Prompt prompt) {
  const Mind& mind = minds_[at];
  const LlmRequest request{
      .pieces = std::move(prompt), .tokens_max = kAnswerTokensMax, .json_schema = answer_schema()};
  const std::size_t bytes = instructions_of(request.pieces).size() +
                            data_of(request.pieces).size() + request.json_schema.size();
  const Spent booked = price(mind, question.repository, tokens_of(bytes), kAnswerTokensMax);
  const std::string why = TRY(hindrance(at, question, consulting, booked));
  if (!why.empty()) return Result<LlmAnswer>(fail(Errc::busy, why));
  if (consulting.since == 0) consulting.since = question.now;
  count_of(mind, "llm_calls_total");
  auto answer = mind.llm->complete(request);
  spending_.correct(question.record.incident.id, consulting.spent, booked,
                    took(mind, booked, answer));
  if (!answer) count_of(mind, fmt::format("llm_calls_{}_total", errc_name(answer.error().code)));
  return answer;
}

Consultant::Said Consultant::failed(std::size_t at, const Question& question,
                                    Consulting& consulting, const Error& error) {
  Said out{.analysis = {}, .trouble = error.message};
  if (error.code == Errc::busy) return out;  // it was not called
  const ConsultantOptions options = options_();
  const Millis asked_for(error.retry_after_ms);
  const std::uint64_t random =
      hash64(question.record.incident.id, static_cast<std::uint64_t>(consulting.failures));
  if (is_of_the_server(error.code) &&
      breakers_[at]->failed(options.breaker, question.now, random, asked_for))
    count_of(minds_[at], "llm_breaker_opened_total");
  if (!may_pass(error.code)) return out;
  if (consulting.failures == 0) consulting.waiting_since = question.now;
  const UnixMs again_at =
      question.now + kRetries.delay(consulting.failures + 1, random, asked_for).count();
  if (++consulting.failures > options.retries_max) return out;
  if (again_at - consulting.waiting_since > limits::kConsultWaitMax.count()) {
    ++Metrics::counter("consult_wait_limit_hits");
    return out;
  }
  count_of(minds_[at], "llm_retries_total");
  out.again_at = again_at;
  return out;
}

// An answer that is none may be mended once, by the model that gave it.
Result<Consultant::Said> Consultant::ask_one(std::size_t at, const Question& question,
                                             Consulting& consulting) {
  const std::vector<NameKind> hidden = options_().hidden;
  Said out;
  Prompt prompt = hide_names(consult_prompt(question.record), hidden, out.names);
  for (std::size_t repairs = 0; repairs <= limits::kConsultRepairsMax; ++repairs) {
    if (repairs > 0) count_of(minds_[at], "llm_repairs_total");
    const auto answer = TRY(call(at, question, consulting, std::move(prompt)));
    if (!answer && answer.error().code == Errc::cancelled) return std::unexpected(answer.error());
    if (!answer && answer.error().code != Errc::corrupt) {
      Said trouble = failed(at, question, consulting, answer.error());
      if (!out.trouble.empty()) trouble.trouble = out.trouble + "; then " + trouble.trouble;
      return trouble;
    }
    breakers_[at]->passed();
    const auto read = answer ? read_judgement(*answer, minds_[at].api, out.names)
                             : Result<Analysis>(std::unexpected(answer.error()));
    if (read) {
      out.analysis = *read;
      out.trouble.clear();
      return out;
    }
    count_of(minds_[at], "llm_answers_unreadable_total");
    out.trouble = (answer ? "its answer is no analysis: " : "") + read.error().message;
    // Its aliases are others where the text that is quoted holds the first ones.
    Aliases more;
    prompt =
        hide_names(repair_prompt(question.record, answer ? answer->text : "", read.error().message),
                   hidden, more);
    for (auto& [alias, name] : more) out.names.insert_or_assign(alias, std::move(name));
  }
  return out;
}

Result<Opinion> Consultant::remember(const Question& question, const Consulting& consulting,
                                     Consultation said) {
  Opinion out;
  const IncidentRecord& record = question.record;
  spending_.keep(record.incident.id, out.remember);
  if (said.trouble.empty()) {
    count("answered");
    out.analysis = merged(record.analysis, said.analysis, question.confidence_min);
    out.because = fmt::format("{} was asked: {} {}, confidence {:.2f}", said.analysis.brain,
                              to_string(said.analysis.severity), to_string(said.analysis.category),
                              said.analysis.confidence);
    if (!consulting.trouble.empty())
      out.because +=
          one_line(fmt::format(" (before it: {})", consulting.trouble), kTroubleBytesMax);
  } else if (consulting.since == 0) {
    count("not_asked");
    out.because = not_asked(said.trouble);
    return out;
  } else {
    count("in_vain");
    out.because = in_vain(said.trouble);
  }
  auto rows = TRY(kept());
  const std::string& key = record.incident.fingerprint;
  out.remember.add(PutValue{{kSpace, key, to_json(said)}});
  std::erase_if(rows, [&](const KeyValue& row) { return row.key == key; });
  if (rows.size() < limits::kConsultedKept) return out;
  ++Metrics::counter("consulted_kept_limit_hits");
  const auto oldest = std::ranges::min_element(rows, {}, asked_at);
  out.remember.add(DropValue{kSpace, oldest->key});
  return out;
}

// Of the same failure before; nullopt: it is to be asked about.
std::optional<Opinion> Consultant::known(const Question& question,
                                         const std::optional<std::string>& row) {
  if (!row) return {};
  const auto said = from_json<Consultation>(*row);
  if (said && said->trouble.empty()) {
    count("known");
    Opinion out;
    out.analysis = merged(question.record.analysis, said->analysis, question.confidence_min);
    out.because =
        fmt::format("{} was asked about this failure before: {} {}", said->analysis.brain,
                    to_string(said->analysis.severity), to_string(said->analysis.category));
    return out;
  }
  if (!said || said->at <= question.now - kRestAfterTrouble.count()) return {};
  count("rests");
  Opinion out;
  out.because = in_vain(said->trouble);
  return out;
}

Result<Opinion> Consultant::ask(const Question& question) {
  auto row = TRY(lookup_.value(kSpace, question.record.incident.fingerprint));
  if (auto before = known(question, row)) return std::move(*before);
  Consulting consulting = question.record.consulting;
  consulting.spent.repository = question.repository;
  for (; std::cmp_less(consulting.mind, minds_.size()); ++consulting.mind) {
    const auto at = static_cast<std::size_t>(std::max(0, consulting.mind));
    const Said said = TRY(ask_one(at, question, consulting));
    if (said.analysis)
      return remember(
          question, consulting,
          {.at = question.now, .trouble = {}, .analysis = *said.analysis, .names = said.names});
    if (said.again_at != 0) {
      Opinion later;
      spending_.keep(question.record.incident.id, later.remember);
      later.again_at = said.again_at;
      later.consulting = std::move(consulting);
      return later;
    }
    if (!consulting.trouble.empty()) consulting.trouble += "; ";
    consulting.trouble += minds_.size() > 1 ? minds_[at].name + ": " + said.trouble : said.trouble;
    consulting.failures = 0;
  }
  if (consulting.trouble.empty()) consulting.trouble = "no model is left to ask";
  return remember(question, consulting,
                  {.at = question.now,
                   .trouble = one_line(consulting.trouble, kTroubleBytesMax),
                   .analysis = {}});
}

}  // namespace healer
