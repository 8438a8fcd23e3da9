#include "stages/ingest/chars.h"
#include "stages/ingest/structured.h"

namespace healer {
namespace {

bool is_key_char(char c) {
  return is_alpha(c) || is_digit(c) || c == '_' || c == '.' || c == '-' || c == '@';
}

// The quoted value at `at` (on its opening quote), unescaped; moves behind it. False if unclosed.
bool read_quoted(std::string_view line, std::size_t& at, std::string_view& value,
                 std::vector<std::string>& scratch) {
  std::size_t end = at + 1;
  bool escaped = false;
  while (end < line.size() && line[end] != '"') {
    if (line[end] == '\\') {
      escaped = true;
      ++end;
    }
    ++end;
  }
  if (end >= line.size()) return false;
  value = line.substr(at + 1, end - at - 1);
  at = end + 1;
  if (!escaped) return true;
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (c == '\\' && i + 1 < value.size()) {
      c = value[++i];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
    text += c;
  }
  value = scratch.emplace_back(std::move(text));
  return true;
}

}  // namespace

bool read_logfmt(std::string_view line, UnixMs now, Fields& out,
                 std::vector<std::string>& scratch) {
  std::size_t at = 0, pairs = 0;
  out.clear();
  scratch.clear();
  scratch.reserve(64);  // values point into it
  while (at < line.size()) {
    while (at < line.size() && line[at] == ' ') ++at;
    const std::size_t begin = at;
    while (at < line.size() && is_key_char(line[at])) ++at;
    if (at == begin) break;
    const std::string_view key = line.substr(begin, at - begin);
    if (at >= line.size() || line[at] != '=') {
      if (pairs < 2 || (at < line.size() && line[at] != ' ')) return false;
      continue;  // a bare word between pairs
    }
    ++at;
    std::string_view value;
    if (at < line.size() && line[at] == '"') {
      if (scratch.size() == scratch.capacity() || !read_quoted(line, at, value, scratch))
        return false;
    } else {
      const std::size_t from = at;
      while (at < line.size() && line[at] != ' ') ++at;
      value = line.substr(from, at - from);
    }
    ++pairs;
    out.put(key, value, now);
  }
  return pairs >= 2 && at >= line.size() && !out.message.empty() &&
         (out.level != Level::unknown || out.time != 0);
}

}  // namespace healer
