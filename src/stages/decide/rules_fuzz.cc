#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stages/decide/rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto rules = healer::parse_repository_rules(text); rules && !rules->present)
    __builtin_trap();
  return 0;
}
