#include "app/config/settings.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (const auto settings = healer::read_settings(text, "fuzz", {}))
    static_cast<void>(healer::print_settings(*settings));
  healer::Settings settings;
  for (const auto& row : healer::setting_rows()) static_cast<void>(row.set(settings, {text}));
  return 0;
}
