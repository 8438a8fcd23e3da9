#pragma once
#include <string>
#include <string_view>

#include "edit/editor.h"

namespace healer::edit {

// What a plain scalar reads as under YAML 1.2 or 1.1, whichever says it is no string: on, 0o17,
// 1_000 and 12:30 are not safe strings anywhere.
ScalarKind yaml_kind(std::string_view plain);

// True if a plain `value` is a string to every reader: no bool, number, null, date, y or n.
bool yaml_reads_as_string(std::string_view plain);

// True if `value` can stand without quotes and reads back as itself, whatever its kind.
bool yaml_plain_is_safe(std::string_view value, bool in_brackets);

// `value` in the quotes wanted, in double quotes where those cannot hold it; quote 0 is plain.
std::string yaml_scalar(std::string_view value, char quote, bool in_brackets);

}  // namespace healer::edit
