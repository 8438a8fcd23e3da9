#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "types/severity.h"

namespace healer {

enum class ValueType { integer, size, duration, port, host, url, word, boolean, level, file };
template <>
struct NamesOf<ValueType> {
  static constexpr std::array<std::string_view, 10> names{
      "integer", "size", "duration", "port", "host", "url", "word", "boolean", "level", "file"};
};

// Which way the value must move to help. A restored value that moves the other way is refused.
enum class Direction { any, up, down };
template <>
struct NamesOf<Direction> {
  static constexpr std::array<std::string_view, 3> names{"any", "up", "down"};
};

// Where a new value may come from; strongest evidence first.
enum class EditSource { restore, documented, constant, scale };
template <>
struct NamesOf<EditSource> {
  static constexpr std::array<std::string_view, 4> names{"restore", "documented", "constant",
                                                         "scale"};
};

// A value that a regex finds in the evidence. It is compared with settings, never copied into one.
struct Capture {
  std::vector<std::string> patterns;  // RE2 with one group each, tried in order
  ValueType type = ValueType::word;
};

// One way to look at one kind of setting; a playbook has one or more.
struct SettingRule {
  std::vector<std::string> names;  // "pool size|max": words of the key path, in order, leaf last
  ValueType type = ValueType::integer;
  Direction direction = Direction::any;
  std::vector<EditSource> sources;  // allowed ones
  std::optional<double> min, max;   // in base units: count, bytes, milliseconds
  double factor = 2;                // of `scale`
  double factor_max = 10;  // examples, defaults, steps and constants go no further than this
  std::string constant;    // of `constant`
  std::vector<std::string> unlimited;  // values that mean "no bound", larger than every number
  std::string current;  // name of a capture that must equal the value now, where it was captured
  std::vector<std::string> without;  // a name with one of these words is another setting
  std::vector<std::string> present;  // only where the value now is one of these; empty: any
  std::vector<std::string> allowed;  // only these new values; empty: any of the type
};

// A known way to fix a known failure; data. playbooks/README.md has the YAML form.
struct Playbook {
  std::string id;
  std::string title;
  std::vector<std::string> knowledge;  // wildcards over knowledge entry ids
  std::vector<Category> categories;
  std::vector<std::string> text;            // RE2, any of them in the evidence
  std::map<std::string, Capture> captures;  // by name
  std::vector<SettingRule> settings;
  std::vector<std::string> files, avoid;  // globs; empty `files`: every configuration file
  bool add_missing = false;  // a documented variable that the evidence names and no file sets
  std::vector<std::string> refuse;  // RE2: any of them in the evidence and it keeps its hands off
  bool log_volume = false;          // the incident is the volume of logs itself
  std::string prove, risk, rollback;

  struct Compiled;                          // its regular expressions
  std::shared_ptr<const Compiled> regexes;  // set by the parser
};

// One or more YAML documents. An unknown key, an unknown word, a pattern that RE2 refuses or an id
// given twice is invalid_input and names the document.
Result<std::vector<Playbook>> parse_playbooks(std::string_view yaml, std::string_view name);

// Those that the binary carries (playbooks/*.yaml).
std::string_view builtin_playbooks_yaml();

}  // namespace healer
