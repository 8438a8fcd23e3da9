#include "incident/consultant.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "base/metrics.h"
#include "incident/prompts.h"
#include "types/json.h"
#include "types/mask.h"

namespace healer {
namespace {

constexpr const char* kSpace = "consulted";
constexpr int kConcurrentMax = 2;  // the other step threads stay free for fixes
constexpr Millis kHour{3'600'000};
constexpr Millis kRestAfterTrouble{3'600'000};  // then the same failure may be asked about again
constexpr int kAnswerTokensMax = 600;
constexpr std::size_t kSentenceBytesMax = 400;
constexpr std::size_t kPathBytesMax = 300;
constexpr std::size_t kModelBytesMax = 80;

// One line of plain text: an answer cannot end a commit message or a table by a newline.
std::string sentence(std::string_view text, std::size_t bytes_max) {
  std::string out = mask(text).str();
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (out.size() <= bytes_max) return out;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
  return out.substr(0, end) + "…";
}

// A path of the repository and nothing else; empty where the answer is none.
std::string plain_path(const std::string& path) {
  const bool odd = std::ranges::any_of(path, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\' || c == '`';
  });
  if (path.empty() || odd || path.size() > kPathBytesMax || path.front() == '/' ||
      path.front() == '-' || path.front() == '~' || ("/" + path + "/").contains("/../"))
    return {};
  return path;
}

// Of the answer, what the text of a log may decide. Which knowledge entry matched and what it
// captured, on which playbooks act, stays the embedded brain's; whether it is certain is our rule.
Result<Analysis> read_answer(const LlmAnswer& answer, const Aliases& names) {
  auto said = TRY(from_json<Analysis>(answer.text));
  for (std::string* text : {&said.summary, &said.suggested_fix, &said.affected_file})
    *text = reveal_names(*text, names);
  if (!std::isfinite(said.confidence) || said.confidence < 0 || said.confidence > 1)
    return fail(Errc::invalid_input, "\"confidence\" must be from 0 to 1");
  Analysis out{.severity = said.severity,
               .category = said.category,
               .summary = sentence(said.summary, kSentenceBytesMax),
               .suggested_fix = sentence(said.suggested_fix, kSentenceBytesMax),
               .affected_file = plain_path(said.affected_file),
               .confidence = said.confidence,
               .uncertain = true,
               .brain = "openai:" + sentence(answer.model, kModelBytesMax),
               .knowledge = {},
               .parameters = {}};
  if (out.summary.find_first_not_of(' ') == std::string::npos)
    return fail(Errc::invalid_input, "\"summary\" is empty");
  return out;
}

// An answer lowers a severity by one step at most: a log that talks a model into silence is still
// told to a person where it would have been mended.
Severity bounded(Severity said, Severity embedded) {
  const auto step_down = static_cast<Severity>(std::max(0, static_cast<int>(embedded) - 1));
  return std::max(said, step_down);
}

Analysis merged(const Analysis& embedded, Analysis said, double confidence_min) {
  said.severity = bounded(said.severity, embedded.severity);
  said.knowledge = embedded.knowledge;
  said.parameters = embedded.parameters;
  if (said.affected_file.empty()) said.affected_file = embedded.affected_file;
  said.uncertain = said.confidence < confidence_min;
  return said;
}

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
                       std::function<int()> calls_per_hour_max, std::vector<NameKind> hidden)
    : llm_(llm),
      journal_(journal),
      lookup_(lookup),
      calls_per_hour_max_(std::move(calls_per_hour_max)),
      hidden_(std::move(hidden)),
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
  Consultation said{.at = now, .trouble = {}, .analysis = {}, .names = {}};
  const auto answer =
      llm_.complete({.pieces = hide_names(consult_prompt(record), hidden_, said.names),
                     .tokens_max = kAnswerTokensMax,
                     .json_schema = json_schema<Analysis>()});
  if (!answer && answer.error().code == Errc::cancelled) return std::unexpected(answer.error());
  const auto read =
      answer ? read_answer(*answer, said.names) : Result<Analysis>(std::unexpected(answer.error()));
  if (read) {
    said.analysis = *read;
    count("answered");
  } else {
    const Error& error = read.error();
    said.trouble = sentence(answer ? "its answer is no analysis: " + error.message : error.message,
                            kSentenceBytesMax);
    count(answer ? "unreadable" : errc_name(error.code));
  }
  return remember(record, std::move(rows), std::move(said), confidence_min);
}

}  // namespace healer
