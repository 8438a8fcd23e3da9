#include <algorithm>

#include "base/line_diff.h"
#include "stages/fix/fix.h"

namespace healer {
namespace {

using Lines = std::vector<std::string_view>;  // with their newlines

Lines whole_lines(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

// Lines [old_from, old_to) give way to [new_from, new_to); from 0.
struct Span {
  std::size_t old_from = 0, old_to = 0, new_from = 0, new_to = 0;
};

std::string_view joined(const Lines& lines, std::size_t from, std::size_t to) {
  if (from >= to) return {};
  return {lines[from].data(), static_cast<std::size_t>(lines[to - 1].data() + lines[to - 1].size() -
                                                       lines[from].data())};
}

std::vector<Span> spans_of(std::string_view before, std::string_view after) {
  std::vector<Span> out;
  std::size_t old_line = 0, new_line = 0;
  bool open = false;
  for (const auto& line : line_diff(before, after)) {
    if (line.kind == DiffLine::Kind::same) {
      open = false;
    } else if (!open) {
      out.push_back({old_line, old_line, new_line, new_line});
      open = true;
    }
    old_line += line.kind != DiffLine::Kind::added ? 1 : 0;
    new_line += line.kind != DiffLine::Kind::removed ? 1 : 0;
    if (!open) continue;
    out.back().old_to = old_line;
    out.back().new_to = new_line;
  }
  return out;
}

// Everything between what both begin and what both end with.
Span middle(const Lines& before, const Lines& after) {
  const std::size_t shorter = std::min(before.size(), after.size());
  std::size_t head = 0, tail = 0;
  while (head < shorter && before[head] == after[head]) ++head;
  while (tail < shorter - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  return {head, before.size() - tail, head, after.size() - tail};
}

}  // namespace

std::vector<SettingEdit> line_edits(const std::string& file, std::string_view before,
                                    std::string_view after) {
  if (before == after) return {};
  const Lines old_lines = whole_lines(before), new_lines = whole_lines(after);
  // The diff does not see whether a last line has its newline: then one edit says it all.
  const auto ends = [](std::string_view text) { return text.empty() || text.ends_with('\n'); };
  auto spans = ends(before) && ends(after) ? spans_of(before, after)
                                           : std::vector{middle(old_lines, new_lines)};
  std::vector<SettingEdit> out;
  for (const auto& span : spans)
    out.push_back({.file = file,
                   .op = EditOp::replace_lines,
                   .path = {},
                   .old_value = std::string(joined(old_lines, span.old_from, span.old_to)),
                   .new_value = std::string(joined(new_lines, span.new_from, span.new_to)),
                   .line = span.old_from + 1});
  std::ranges::reverse(out);
  return out;
}

}  // namespace healer
