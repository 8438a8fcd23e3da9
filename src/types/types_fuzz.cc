#include <cstdint>

#include "types/consultation.h"
#include "types/deploy.h"
#include "types/finding.h"
#include "types/incident.h"
#include "types/incident_record.h"
#include "types/incident_signal.h"
#include "types/json.h"
#include "types/mask.h"
#include "types/patch.h"
#include "types/prompt.h"
#include "types/pull_request.h"
#include "types/review.h"
#include "types/yaml.h"

namespace {

// What was read is written and read as the same again.
template <class T>
void keeps(std::string_view text) {
  const auto value = healer::from_json<T>(text);
  if (!value) return;
  const std::string written = healer::to_json(*value);
  const auto again = healer::from_json<T>(written);
  if (!again || healer::to_json(*again) != written) __builtin_trap();
}

}  // namespace

// The bytes are a record of the store or an answer, a log, and a settings file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace healer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  keeps<Incident>(text);
  keeps<IncidentRecord>(text);
  keeps<IncidentSignal>(text);
  keeps<Analysis>(text);
  keeps<Consultation>(text);
  keeps<Deploy>(text);
  keeps<Plan>(text);
  keeps<Proof>(text);
  keeps<PullRequest>(text);
  keeps<Review>(text);
  const MaskedText masked = mask(text);
  const Prompt prompt{{.trust = Trust::data, .name = "evidence", .text = masked}};
  const std::string fenced = data_of(prompt);  // ends with its fence, which stands nowhere else
  const std::string_view end = std::string_view(fenced).substr(fenced.rfind("</data "));
  if (fenced.find(end) + end.size() != fenced.size()) __builtin_trap();
  static_cast<void>(parse_yaml(text, "fuzz"));
  return 0;
}
