#include "incident/judgement.h"

#include <algorithm>
#include <cmath>

#include "types/consultation.h"
#include "types/json.h"
#include "types/mask.h"

namespace healer {
namespace {

constexpr std::size_t kSentenceBytesMax = 400;
constexpr std::size_t kPathBytesMax = 300;
constexpr std::size_t kModelBytesMax = 80;

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

// An answer lowers a severity by one step at most: a log that talks a model into silence is still
// told to a person where it would have been mended.
Severity bounded(Severity said, Severity embedded) {
  const auto step_down = static_cast<Severity>(std::max(0, static_cast<int>(embedded) - 1));
  return std::max(said, step_down);
}

}  // namespace

std::string one_line(std::string_view text, std::size_t bytes_max) {
  std::string out = mask(text).str();
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (out.size() <= bytes_max) return out;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
  return out.substr(0, end) + "…";
}

std::string answer_schema() {
  return json_schema<ModelAnswer>().insert(1, R"("additionalProperties":false,)");
}

Result<Analysis> read_judgement(const LlmAnswer& answer, std::string_view api,
                                const Aliases& names) {
  const auto said = TRY(from_json<ModelAnswer>(answer.text));
  if (!std::isfinite(said.confidence) || said.confidence < 0 || said.confidence > 1)
    return fail(Errc::invalid_input, "\"confidence\" must be from 0 to 1");
  Analysis out{
      .severity = said.severity,
      .category = said.category,
      .summary = one_line(reveal_names(said.summary, names), kSentenceBytesMax),
      .suggested_fix = one_line(reveal_names(said.suggested_fix, names), kSentenceBytesMax),
      .affected_file = plain_path(reveal_names(said.affected_file.value_or(""), names)),
      .confidence = said.confidence,
      .uncertain = true,
      .brain = std::string(api) + ":" + one_line(answer.model, kModelBytesMax),
      .knowledge = {},
      .parameters = {}};
  if (out.summary.find_first_not_of(' ') == std::string::npos)
    return fail(Errc::invalid_input, "\"summary\" is empty");
  return out;
}

Analysis merged(const Analysis& embedded, Analysis said, double confidence_min) {
  said.severity = bounded(said.severity, embedded.severity);
  said.knowledge = embedded.knowledge;
  said.parameters = embedded.parameters;
  if (said.affected_file.empty()) said.affected_file = embedded.affected_file;
  said.uncertain = said.confidence < confidence_min;
  return said;
}

}  // namespace healer
