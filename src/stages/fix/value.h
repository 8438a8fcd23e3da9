#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stages/fix/playbook.h"

namespace healer {

// Whether text is a value of the type; what a log says is used nowhere without this.
bool is_value(ValueType type, std::string_view text);

// A number with its unit: "512Mi", "30s", "5000" of a setting that is named …_ms.
struct Quantity {
  double base = 0;          // count, bytes or milliseconds
  double unit = 1;          // base units in one of what is written
  std::string_view suffix;  // as written, with the space before it
  bool unit_known = true;   // false: a bare duration whose name says no unit
};

// nullopt where the type has no numbers or the text is none. `name` are the words of the setting.
std::optional<Quantity> quantity(ValueType type, std::string_view text,
                                 const std::vector<std::string>& name);

// `base` written the way `like` is; nullopt where that would not be exact.
std::optional<std::string> written_like(double base, const Quantity& like);

bool has_number(ValueType type);

// "0.9.x" of normalise_name(): the words of a setting's name.
std::vector<std::string> name_words(std::string_view name);

// Whether the words of a playbook's name ("pool max|size") occur in order, the last one at the end.
bool name_matches(std::string_view pattern, const std::vector<std::string>& words);

// The words of `words` that the pattern did not need: what tells this setting from its like.
std::vector<std::string> other_words(std::string_view pattern,
                                     const std::vector<std::string>& words);

}  // namespace healer
