#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/error.h"

namespace healer {

// A JSON object as a route's body: members by name; strings as they are, the rest as JSON text.
// Unknown members are kept, null ones are not. invalid_input says where it is malformed.
using BodyFields = std::map<std::string, std::string>;
Result<BodyFields> read_body(std::string_view body);

// The strings of a JSON array; a string that is not one is invalid_input.
Result<std::vector<std::string>> read_strings(std::string_view json);

}  // namespace healer
