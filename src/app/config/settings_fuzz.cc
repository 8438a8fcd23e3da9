#include "app/config/settings.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (const auto settings = healer::read_settings(text, "fuzz", {}))
    static_cast<void>(healer::print_settings(*settings));
  static_cast<void>(healer::read_settings("", "fuzz", {{"HEALER_POLICY_FIX_AFTER", text}}));
  return 0;
}
