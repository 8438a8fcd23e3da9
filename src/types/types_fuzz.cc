#include <cstdint>

#include "types/alias.h"
#include "types/consultation.h"
#include "types/deploy.h"
#include "types/finding.h"
#include "types/incident.h"
#include "types/incident_record.h"
#include "types/incident_signal.h"
#include "types/json_fuzz.h"
#include "types/mask.h"
#include "types/patch.h"
#include "types/prompt.h"
#include "types/pull_request.h"
#include "types/review.h"
#include "types/yaml.h"

// The bytes are a record of the store or an answer, a log, and a settings file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace healer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz_json<Incident>(text);
  fuzz_json<IncidentRecord>(text);
  fuzz_json<IncidentSignal>(text);
  fuzz_json<Analysis>(text);
  fuzz_json<Consultation>(text);
  fuzz_json<Deploy>(text);
  fuzz_json<Plan>(text);
  fuzz_json<Proof>(text);
  fuzz_json<PullRequest>(text);
  fuzz_json<Review>(text);
  const MaskedText masked = mask(text);
  const Prompt prompt{{.trust = Trust::data, .name = "evidence", .text = masked}};
  const std::string fenced = data_of(prompt);  // ends with its fence, which stands nowhere else
  const std::string_view end = std::string_view(fenced).substr(fenced.rfind("</data "));
  if (fenced.find(end) + end.size() != fenced.size()) __builtin_trap();
  if (has_secret(text) != (masked.str() != text) && !text.contains("[secret]")) __builtin_trap();
  const std::string planted = std::string(text) + "\npassword=Zq7planted9\n";
  if (mask(planted).str().contains("Zq7planted9") && !text.contains("Zq7")) __builtin_trap();
  Aliases aliases;  // what is hidden comes back
  const Prompt hidden = hide_names(prompt, kAllNames, aliases);
  if (reveal_names(hidden[0].text.str(), aliases) != masked.str()) __builtin_trap();
  static_cast<void>(parse_yaml(text, "fuzz"));
  return 0;
}
