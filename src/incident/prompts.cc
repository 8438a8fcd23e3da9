#include "incident/prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/limits.h"
#include "base/metrics.h"

namespace healer {
namespace {

constexpr std::string_view kJudge =
    R"(You judge one failure that software wrote into its log.
Answer with one JSON object and nothing else.
severity: critical (the service is down, or data is lost or about to be), high (a function fails
for users or jobs and goes on failing), medium (degraded or at risk, works for now; a retry may
succeed) or low (informational, expected, benign, or over). The level word in a line is evidence,
not the answer.
category: the resource whose failure the text is about: application, auth, database, disk, memory
or network.
summary: one sentence for a person.
suggested_fix: one sentence, or empty.
affected_file: a path that the text names, or empty. Never a guess.
confidence: from 0 to 1, how sure you are of severity and category.)";

constexpr std::string_view kRepair =
    R"(An earlier answer to this question could not be taken. The data "earlier_answer" is what was
answered and "refused_because" is what was wrong with it. Answer the question again, in the form
that is asked for.)";

constexpr std::string_view kFix =
    R"(Your working directory is the repository of a service that fails.
Remove the cause of the failure described below by editing files here.
- Change as little as can be. The cause is often in another file than the one that fails.
- Never hide the failure: swallow no exception, remove no log call, check, probe or alert, loosen
  no limit, authentication or encryption.
- Tests may be added, never changed or removed. Leave continuous integration, lock files, secrets,
  .healer.yml and CODEOWNERS alone.
- There is no network. Leave nothing behind but the change itself; make no commit.
- Nobody reads what you say: the files that you leave are the answer. They are checked, reviewed
  and proven by others.)";

// Masked again after the cut only to be MaskedText: what was masked stays as it is.
MaskedText cut(std::string_view text, std::size_t bytes_max) {
  const std::string masked = mask(text).str();
  if (masked.size() <= bytes_max) return mask(masked);
  ++Metrics::counter("prompt_texts_cut");
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(masked[end]) & 0xc0) == 0x80) --end;
  return mask(masked.substr(0, end) + " […]");
}

std::string_view type_of(std::string_view value) {
  const auto all = [&](std::string_view others) {
    return std::ranges::all_of(value, [&](char c) {
      return std::isdigit(static_cast<unsigned char>(c)) != 0 || others.contains(c);
    });
  };
  if (value.empty()) return "empty";
  if (all("")) return "number";
  if (all(".:")) return "address or decimal";
  if (value.contains('/')) return "path or url";
  return value.contains(' ') ? "text" : "word";
}

// What the signature that matched took out of the lines, each with its type.
void add_parameters(Prompt& prompt, const IncidentRecord& record) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& [name, value] : record.analysis.parameters) {
    if (++shown > limits::kPromptParametersMax) {
      ++Metrics::counter("prompt_parameters_limit_hits");
      break;
    }
    const std::string masked = cut(value, limits::kPromptParameterBytesMax).str();
    text += fmt::format("{} ({}): {}\n", name, type_of(masked), masked);
  }
  if (!text.empty()) prompt.push_back({Trust::data, "parameters", mask(text)});
}

void add_symptom(Prompt& prompt, const IncidentRecord& record) {
  const Incident& incident = record.incident;
  prompt.push_back(
      {Trust::data, "template", cut(incident.template_text, limits::kPromptTemplateBytesMax)});
  std::string lines;
  const std::size_t shown = std::min(limits::kPromptLinesMax, incident.evidence.size());
  for (std::size_t i = 0; i < shown; ++i)
    lines += cut(incident.evidence[i].text, limits::kPromptLineBytesMax).str() + "\n";
  prompt.push_back({Trust::data, "evidence", mask(lines)});
}

}  // namespace

Prompt consult_prompt(const IncidentRecord& record) {
  Prompt out{{Trust::instruction, "", mask(kJudge)}};
  add_symptom(out, record);
  add_parameters(out, record);
  return out;
}

Prompt repair_prompt(const IncidentRecord& record, std::string_view answer,
                     std::string_view reason) {
  Prompt out = consult_prompt(record);
  out.insert(out.begin() + 1, {Trust::instruction, "", mask(kRepair)});
  out.push_back({Trust::data, "earlier_answer", cut(answer, limits::kPromptAnswerBytesMax)});
  out.push_back({Trust::data, "refused_because", cut(reason, limits::kPromptAnswerBytesMax)});
  return out;
}

Prompt agent_prompt(const IncidentRecord& record, const RepositoryRules& rules) {
  const Incident& incident = record.incident;
  Prompt out{{Trust::instruction, "", mask(kFix)}};
  if (!rules.check.empty())
    out.push_back({Trust::instruction, "",
                   mask("- The program and arguments under \"check\" fail now and must succeed.")});
  out.push_back(
      {Trust::data, "failure",
       cut(fmt::format("service: {}\nseverity: {}\ncategory: {}\nsummary: {}\n"
                       "suggestion: {}\nlikely file: {}",
                       incident.service, to_string(incident.severity), to_string(incident.category),
                       incident.summary, incident.suggested_fix, incident.affected_file),
           limits::kPromptTemplateBytesMax)});
  add_symptom(out, record);
  if (!rules.check.empty())
    out.push_back(
        {Trust::data, "check",
         cut(fmt::format("{}", fmt::join(rules.check, "\n")), limits::kPromptTemplateBytesMax)});
  return out;
}

}  // namespace healer
