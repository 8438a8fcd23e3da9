#pragma once
#include <string_view>

#include "base/error.h"

namespace healer {

// What is wrong with a body that does not parse as JSON, with its line and column.
Error json_error(std::string_view body);

}  // namespace healer
