#include "stages/fix/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/limits.h"
#include "base/line_diff.h"

namespace healer {
namespace {

constexpr std::size_t kContext = 3;
using Kind = DiffLine::Kind;

// As git prints a path: in double quotes with C escapes where it has unusual bytes.
std::string path_text(std::string_view prefix, std::string_view path) {
  const std::string whole = std::string(prefix) + std::string(path);
  std::string out;
  bool quoted = false;
  for (const char c : whole) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
      quoted = true;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : fmt::format("\\{:03o}", byte);
      quoted = true;
    } else {
      out += c;
    }
  }
  return quoted ? "\"" + out + "\"" : out;
}

bool lacks_newline(std::string_view text) { return !text.empty() && text.back() != '\n'; }

// A last line that only gained or lost its newline is a change.
void split_last_line(std::vector<DiffLine>& lines, bool old_lacks, bool new_lacks) {
  if (old_lacks == new_lacks || lines.empty() || lines.back().kind != Kind::same) return;
  DiffLine added = lines.back();
  added.kind = Kind::added;
  added.old_line = 0;
  lines.back().kind = Kind::removed;
  lines.back().new_line = 0;
  lines.push_back(added);
}

struct Side {
  std::size_t first = 0, count = 0;
  void take(std::size_t line) {
    if (count++ == 0) first = line;
  }
  std::string text() const {
    return count == 1 ? fmt::format("{}", first) : fmt::format("{},{}", first, count);
  }
};

struct Ends {
  std::size_t old_last = 0, new_last = 0;  // the line that has no newline; 0: it has one
};

void print_hunk(std::span<const DiffLine> lines, std::size_t before_old, std::size_t before_new,
                const Ends& ends, std::string& out) {
  Side old_side{before_old, 0}, new_side{before_new, 0};
  std::string body;
  for (const auto& line : lines) {
    if (line.old_line != 0) old_side.take(line.old_line);
    if (line.new_line != 0) new_side.take(line.new_line);
    body += line.kind == Kind::same ? ' ' : line.kind == Kind::added ? '+' : '-';
    body.append(line.text).push_back('\n');
    const bool last = (line.old_line != 0 && line.old_line == ends.old_last) ||
                      (line.new_line != 0 && line.new_line == ends.new_last);
    if (last) body += "\\ No newline at end of file\n";
  }
  out += fmt::format("@@ -{} +{} @@\n{}", old_side.text(), new_side.text(), body);
}

void print_hunks(const std::vector<DiffLine>& lines, const Ends& ends, std::string& out) {
  const auto changed = [&](std::size_t i) { return lines[i].kind != Kind::same; };
  std::size_t old_line = 0, new_line = 0;  // the last ones before the hunk
  std::size_t at = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!changed(i)) continue;
    const std::size_t start = std::max(at, i - std::min(i, kContext));
    std::size_t last = i;
    for (std::size_t j = i; j < lines.size() && j <= last + 2 * kContext + 1; ++j)
      if (changed(j)) last = j;
    const std::size_t stop = std::min(lines.size(), last + kContext + 1);
    for (std::size_t j = at; j < start; ++j) {
      old_line = std::max(old_line, lines[j].old_line);
      new_line = std::max(new_line, lines[j].new_line);
    }
    print_hunk(std::span(lines).subspan(start, stop - start), old_line, new_line, ends, out);
    for (std::size_t j = start; j < stop; ++j) {
      old_line = std::max(old_line, lines[j].old_line);
      new_line = std::max(new_line, lines[j].new_line);
    }
    at = stop;
    i = stop - 1;
  }
}

bool is_binary(const FileChange& file) {
  const auto odd = [](const std::optional<std::string>& text) {
    return text && (text->size() > limits::kRepoFileBytesMax || text->contains('\0'));
  };
  return odd(file.before) || odd(file.after);
}

void print_file(const FileChange& file, std::string& out) {
  if (file.before == file.after) return;
  const std::string a = path_text("a/", file.path), b = path_text("b/", file.path);
  out += fmt::format("diff --git {} {}\n", a, b);
  const std::string_view mode = file.executable ? "100755" : "100644";
  if (!file.before) out += fmt::format("new file mode {}\n", mode);
  if (!file.after) out += fmt::format("deleted file mode {}\n", mode);
  const std::string_view old_name = file.before ? std::string_view(a) : "/dev/null";
  const std::string_view new_name = file.after ? std::string_view(b) : "/dev/null";
  if (is_binary(file)) {
    out += fmt::format("Binary files {} and {} differ\n", old_name, new_name);
    return;
  }
  const std::string_view before = file.before ? std::string_view(*file.before) : "";
  const std::string_view after = file.after ? std::string_view(*file.after) : "";
  auto lines = line_diff(before, after);
  split_last_line(lines, lacks_newline(before), lacks_newline(after));
  if (lines.empty()) return;  // an empty file came or went
  out += fmt::format("--- {}\n+++ {}\n", old_name, new_name);
  const Ends ends{lacks_newline(before) ? split_lines(before).size() : 0,
                  lacks_newline(after) ? split_lines(after).size() : 0};
  print_hunks(lines, ends, out);
}

}  // namespace

std::string unified_diff(const std::vector<FileChange>& files) {
  std::string out;
  for (const auto& file : files) print_file(file, out);
  return out;
}

}  // namespace healer
