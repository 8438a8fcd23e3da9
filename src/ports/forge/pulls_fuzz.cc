#include <cstdint>

#include "ports/forge/pulls_file.h"
#include "types/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = healer::from_json<healer::PullsFile>(text);
  if (!file) return 0;
  const std::string written = healer::to_json(*file);
  const auto again = healer::from_json<healer::PullsFile>(written);
  if (!again || healer::to_json(*again) != written) __builtin_trap();
  return 0;
}
