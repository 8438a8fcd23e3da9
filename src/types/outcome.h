#pragma once
#include <string>
#include <vector>

#include "types/fields.h"

namespace healer {

enum class OutcomeKind { watching, healed, recurred, unknown };
template <>
struct NamesOf<OutcomeKind> {
  static constexpr std::array<std::string_view, 4> names{"watching", "healed", "recurred",
                                                         "unknown"};
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::watching;
  std::string because;
  UnixMs recheck_at = 0;  // watching: when to look again
};

}  // namespace healer
