#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace healer {

// A read-only YAML tree for our own files (healer.yaml, .healer.yml, playbooks, knowledge); edits
// of other people's files go through src/edit. Aliases are resolved; every scalar is text.
struct YamlNode {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string scalar;
  bool quoted = false;
  std::vector<YamlNode> items;
  std::vector<std::pair<std::string, YamlNode>> members;  // in file order
  int line = 0;                                           // from 1

  // Defined where the type is complete: clang needs that for a list of itself.
  YamlNode();
  YamlNode(const YamlNode&);
  YamlNode(YamlNode&&) noexcept;
  YamlNode& operator=(const YamlNode&);
  YamlNode& operator=(YamlNode&&) noexcept;
  ~YamlNode();

  bool is_null() const { return kind == Kind::null; }
  const YamlNode* find(std::string_view key) const;  // nullptr if absent
  std::string text(std::string_view key, std::string_view fallback = {}) const;
  std::vector<std::string> texts(
      std::string_view key) const;  // a list, or one scalar as a list of one
};

// First document of `text`; `name` is put into errors ("healer.yaml:3: …"). Duplicate keys are
// errors.
Result<YamlNode> parse_yaml(std::string_view text, std::string_view name);

// The word of `known` nearest to `word` (edit distance at most 3), or empty.
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known);

// invalid_input for the first key of `map` that is not in `known`: names file, line and the nearest
// key.
Result<void> check_keys(const YamlNode& map, const std::vector<std::string_view>& known,
                        std::string_view name);

}  // namespace healer
