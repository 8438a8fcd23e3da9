#include "serve/api/body.h"

#include <cstdint>

#include "types/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto fields = healer::read_body(body))
    for (const auto& [name, value] : *fields) static_cast<void>(healer::read_strings(value));
  if (const auto strings = healer::read_strings(body)) {
    std::string array = "[";
    for (const auto& text : *strings)
      array += (array.size() > 1 ? "," : "") + healer::json_quote(text);
    if (healer::read_strings(array + "]") != *strings) __builtin_trap();
  }
  return 0;
}
