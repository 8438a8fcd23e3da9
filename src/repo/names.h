#pragma once
#include <string>
#include <string_view>

namespace healer {

// A name asked for, ready to be compared with many.
class NamePattern {
 public:
  explicit NamePattern(std::string_view name);
  bool matches(std::string_view name) const;

 private:
  std::string normal_;  // words joined by '_'; '*' stays
  std::string joined_;  // … by nothing: poolsize is pool_size
};

// True for `folder` itself and what is below it; an empty folder is everywhere.
bool is_below(std::string_view path, std::string_view folder);

// Trimmed of white space.
std::string_view trimmed(std::string_view text);
std::string lower_case(std::string_view text);

}  // namespace healer
