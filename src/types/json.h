#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace healer {

// JSON of our own types, driven by their field tables (types/fields.h). Instantiated for each type
// in its <type>_json.cc. Unknown members are ignored on input; a missing required or ill-typed
// member is invalid_input and names the member.
template <class T>
std::string to_json(const T& value);

template <class T>
Result<T> from_json(std::string_view text);

// JSON Schema 2020-12 of the type, without "$schema".
template <class T>
std::string json_schema();

// `text` as a JSON string literal with quotes; invalid UTF-8 becomes U+FFFD.
std::string json_quote(std::string_view text);

// False where JSON could not keep the text byte for byte.
bool is_utf8(std::string_view text);

}  // namespace healer
