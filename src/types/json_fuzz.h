#pragma once
#include <string>

#include "types/json.h"

namespace healer {

// What was read is written and read as the same again.
template <class T>
void fuzz_json(std::string_view text) {
  const auto value = from_json<T>(text);
  if (!value) return;
  const std::string written = to_json(*value);
  const auto again = from_json<T>(written);
  if (!again || to_json(*again) != written) __builtin_trap();
}

}  // namespace healer
