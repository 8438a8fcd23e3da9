#pragma once
#include <string_view>

namespace healer {

// Path globs as .gitignore users know them: `*` and `?` stop at '/', `**` crosses it ("a/**" is
// everything below a, "**/x" is x at any depth). A pattern without '/' is matched against the last
// component too. Case matters. Linear in practice; no recursion on text.
bool glob_match(std::string_view pattern, std::string_view path);

// Plain wildcards without path rules: `*` is any run of characters, `?` is one.
bool wildcard_match(std::string_view pattern, std::string_view text);

}  // namespace healer
