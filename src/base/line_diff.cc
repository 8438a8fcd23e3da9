#include "base/line_diff.h"

#include <algorithm>

namespace healer {
namespace {

constexpr std::ptrdiff_t kChangesMax = 1000;

using Lines = std::vector<std::string_view>;
using Kind = DiffLine::Kind;

struct Middle {  // what is left between the common head and tail
  const Lines &before, &after;
  std::size_t head = 0;
  std::ptrdiff_t n = 0, m = 0;
  std::string_view a(std::ptrdiff_t i) const { return before[head + static_cast<std::size_t>(i)]; }
  std::string_view b(std::ptrdiff_t i) const { return after[head + static_cast<std::size_t>(i)]; }
};

void replace_all(const Middle& mid, std::vector<Kind>& script) {
  script.insert(script.end(), static_cast<std::size_t>(mid.n), Kind::removed);
  script.insert(script.end(), static_cast<std::size_t>(mid.m), Kind::added);
}

// Walks the saved frontiers back from the end; gives the script in order.
void walk_back(const Middle& mid, const std::vector<std::vector<std::ptrdiff_t>>& trace,
               std::vector<Kind>& script) {
  std::vector<Kind> reversed;
  std::ptrdiff_t x = mid.n, y = mid.m;
  for (auto d = static_cast<std::ptrdiff_t>(trace.size()) - 1; d >= 0; --d) {
    const auto& v = trace[static_cast<std::size_t>(d)];
    const auto at = [&](std::ptrdiff_t k) { return v[static_cast<std::size_t>(k + d + 1)]; };
    const std::ptrdiff_t k = x - y;
    const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
    const std::ptrdiff_t from_k = down ? k + 1 : k - 1;
    const std::ptrdiff_t from_x = d == 0 ? 0 : at(from_k);
    const std::ptrdiff_t from_y = d == 0 ? 0 : from_x - from_k;
    while (x > from_x && y > from_y) {
      reversed.push_back(Kind::same);
      --x;
      --y;
    }
    if (d > 0) reversed.push_back(down ? Kind::added : Kind::removed);
    x = from_x;
    y = from_y;
  }
  script.insert(script.end(), reversed.rbegin(), reversed.rend());
}

// Myers' greedy shortest edit script, the frontier of each step kept for the way back.
void shortest(const Middle& mid, std::vector<Kind>& script) {
  const std::ptrdiff_t most = std::min(mid.n + mid.m, kChangesMax);
  std::vector<std::vector<std::ptrdiff_t>> trace;
  std::vector<std::ptrdiff_t> v(static_cast<std::size_t>(2 * most + 3), 0);
  const auto at = [&](std::ptrdiff_t k) -> std::ptrdiff_t& {
    return v[static_cast<std::size_t>(k + most + 1)];
  };
  for (std::ptrdiff_t d = 0; d <= most; ++d) {
    const auto low = v.begin() + (most - d);
    trace.emplace_back(low, low + (2 * d + 3));
    for (std::ptrdiff_t k = -d; k <= d; k += 2) {
      const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
      std::ptrdiff_t x = d == 0 ? 0 : down ? at(k + 1) : at(k - 1) + 1;
      while (x < mid.n && x - k < mid.m && mid.a(x) == mid.b(x - k)) ++x;
      at(k) = x;
      if (x >= mid.n && x - k >= mid.m) return walk_back(mid, trace, script);
    }
  }
  replace_all(mid, script);
}

}  // namespace

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<DiffLine> line_diff(std::string_view before, std::string_view after) {
  const Lines old_lines = split_lines(before), new_lines = split_lines(after);
  std::size_t head = 0, tail = 0;
  const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
  while (head < shorter && old_lines[head] == new_lines[head]) ++head;
  while (tail < shorter - head &&
         old_lines[old_lines.size() - 1 - tail] == new_lines[new_lines.size() - 1 - tail])
    ++tail;
  std::vector<Kind> script(head, Kind::same);
  shortest({old_lines, new_lines, head, static_cast<std::ptrdiff_t>(old_lines.size() - head - tail),
            static_cast<std::ptrdiff_t>(new_lines.size() - head - tail)},
           script);
  script.insert(script.end(), tail, Kind::same);

  std::vector<DiffLine> result;
  std::size_t i = 0, j = 0;
  for (const Kind kind : script) {
    DiffLine line{kind, kind == Kind::added ? new_lines[j] : old_lines[i], 0, 0};
    if (kind != Kind::added) line.old_line = ++i;
    if (kind != Kind::removed) line.new_line = ++j;
    result.push_back(line);
  }
  return result;
}

}  // namespace healer
