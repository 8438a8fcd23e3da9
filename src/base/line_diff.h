#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

namespace healer {

struct DiffLine {
  enum class Kind { same, removed, added };
  Kind kind = Kind::same;
  std::string_view text;                   // of the side it is from, without its newline
  std::size_t old_line = 0, new_line = 0;  // from 1; 0 where the line is not on that side
};

// Lines of `text` without their newlines; a final newline opens no further line.
std::vector<std::string_view> split_lines(std::string_view text);

// The shortest line script from `before` to `after`, in order; where it would be longer than 1000
// changes, the whole middle counts as replaced. Views point into the arguments.
std::vector<DiffLine> line_diff(std::string_view before, std::string_view after);

}  // namespace healer
