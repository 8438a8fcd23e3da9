#pragma once
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "edit/editor.h"

namespace healer {

// Body of every editor's fuzz target: whatever an edit gives back must read as the new value, and
// spans must lie in the text.
inline int fuzz_edit(Format format, const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto all = settings_of(format, text);
  if (!all) return 0;
  std::size_t tried = 0;
  for (const Setting& setting : *all) {
    if (setting.value_span.offset + setting.value_span.length > size) std::abort();
    if (++tried > 4) break;
    const auto after = set_value(format, text, setting.path, "a b: #1");
    if (after && !parses(format, *after)) std::abort();
    if (const auto less = remove_key(format, text, setting.path); less && !parses(format, *less))
      std::abort();
  }
  if (const auto more = add_key(format, text, "", "added", "1"); more && !parses(format, *more))
    std::abort();
  return 0;
}

}  // namespace healer
