#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "types/fields.h"

namespace healer {

// Structure-preserving edits of other people's configuration files. Law: an edit parses the text to
// byte spans, splices the source, parses again, and fails (unsupported) unless only the intended
// path differs; no document is ever emitted. Comments, key order, quoting, indentation, line ends,
// BOM and the final newline (or its absence) stay. Pure; no state; thread-safe; O(text).
enum class Format { yaml, json, toml, ini, env, properties };
template <>
struct NamesOf<Format> {
  static constexpr std::array<std::string_view, 6> names{"yaml", "json", "toml",
                                                         "ini",  "env",  "properties"};
};

enum class ScalarKind { string, integer, number, boolean, null };
template <>
struct NamesOf<ScalarKind> {
  static constexpr std::array<std::string_view, 5> names{"string", "integer", "number", "boolean",
                                                         "null"};
};

struct Span {
  std::size_t offset = 0, length = 0;  // bytes
  bool operator==(const Span&) const = default;
};

// One scalar. `path` is its identity in the file:
// - YAML, JSON, TOML: keys joined by dots, list items as [i]: `spec.containers[0].image`. A key
//   that is empty or has one of . [ ] " \ or white space, or starts with @, stands in double quotes
//   with \ escapes: `metadata.annotations."a.b/c"`. The n-th document of a YAML stream (n from 1,
//   the first one has no prefix) begins with @n: `@1.spec.replicas`.
// - INI: section and key, joined and quoted likewise; keys before the first section stand alone.
//   A key that a systemd unit repeats is key[0], key[1], …
// - .env and properties: the key as it reads, nothing quoted: `spring.datasource.url`.
struct Setting {
  std::string path;
  std::string value;  // decoded: without quotes, escapes resolved
  ScalarKind kind = ScalarKind::string;
  std::size_t line = 0;  // of the value, from 1
  Span value_span;       // of the value with its quotes
  std::string comment;   // beside it, else right above it; without markers, lines joined by \n
};

// By the file name alone; nullopt where no editor knows the format.
std::optional<Format> format_of(std::string_view file_path);

// Every scalar, in file order. invalid_input (with the line) where the text does not parse or has a
// key twice where the format forbids that; unsupported for templates of another language (Helm).
// An aliased YAML value is not listed; its anchor is.
Result<std::vector<Setting>> settings_of(Format format, std::string_view text);

// Gives the scalar at `path` a new value in the old one's quoting style where the value allows it.
// A string stays a string (`"10"` to 20 gives `"20"`); anything else takes the type that the new
// value reads as. not_found: no such path; unsupported: shared by an anchor, a block scalar, …
Result<std::string> set_value(Format format, std::string_view text, std::string_view path,
                              std::string_view new_value);

// Adds a key with a scalar to the map at `parent_path` (empty: the root, or the last section's end
// for sectionless formats), after its last sibling and in its style. With an empty key, appends to
// the list at `parent_path`. conflict: the key is there already.
Result<std::string> add_key(Format format, std::string_view text, std::string_view parent_path,
                            std::string_view key, std::string_view value);

// Removes the key or list item at `path` with all below it and the comment beside it; comments
// above it stay. unsupported where it is the last one of its map or list.
Result<std::string> remove_key(Format format, std::string_view text, std::string_view path);

// invalid_input, with the line, where the text is not a document of the format.
Result<void> parses(Format format, std::string_view text);

// One step of a path as it is printed: `key`, or `"a.b"` where it needs quotes.
std::string path_step(std::string_view key);

// The last key of a path without quotes and indices: `a."b.c"[2]` gives `b.c`.
std::string path_leaf(std::string_view path);

}  // namespace healer
