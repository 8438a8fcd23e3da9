#pragma once
#include "types/fields.h"

namespace healer {

enum class Severity { low, medium, high, critical };  // ordered: comparisons mean what they say
template <>
struct NamesOf<Severity> {
  static constexpr std::array<std::string_view, 4> names{"low", "medium", "high", "critical"};
};

enum class Category { application, auth, database, disk, memory, network };
template <>
struct NamesOf<Category> {
  static constexpr std::array<std::string_view, 6> names{"application", "auth",   "database",
                                                         "disk",        "memory", "network"};
};

}  // namespace healer
