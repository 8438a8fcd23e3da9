#include "repo/names.h"

#include <algorithm>

#include "base/glob.h"
#include "repo/repo_model.h"

namespace healer {
namespace {

bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// The words of a name, joined; list indices and the mark of a YAML document are no words.
std::string words_of(std::string_view name, bool keep_stars) {
  if (name.starts_with('@')) name.remove_prefix(std::min(name.find('.'), name.size() - 1) + 1);
  std::string out;
  bool split = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '[') {
      const std::size_t close = name.find_first_not_of("0123456789", i + 1);
      if (close != std::string_view::npos && close > i + 1 && name[close] == ']') i = close;
      split = true;
      continue;
    }
    const bool word = upper(c) || lower(c) || digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
                      (keep_stars && c == '*');
    if (!word) {
      split = true;
      continue;
    }
    const bool camel = upper(c) && i > 0 &&
                       (lower(name[i - 1]) || digit(name[i - 1]) ||
                        (upper(name[i - 1]) && i + 1 < name.size() && lower(name[i + 1])));
    if ((split || camel) && !out.empty()) out += '_';
    split = false;
    out += upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::string without_joints(std::string_view words) {
  std::string out;
  std::ranges::copy_if(words, std::back_inserter(out), [](char c) { return c != '_'; });
  return out;
}

}  // namespace

std::string normalise_name(std::string_view name) { return words_of(name, false); }

NamePattern::NamePattern(std::string_view name)
    : normal_(words_of(name, true)), joined_(without_joints(normal_)) {}

bool NamePattern::matches(std::string_view name) const {
  if (joined_.empty()) return false;
  const std::string words = words_of(name, false);
  const bool wild = normal_.find('*') != std::string::npos;
  for (std::size_t at = 0; at <= words.size();) {
    const std::string_view tail = std::string_view(words).substr(at);
    if (wild ? wildcard_match(normal_, tail) : without_joints(tail) == joined_) return true;
    const std::size_t joint = words.find('_', at);
    if (joint == std::string::npos) break;
    at = joint + 1;
  }
  return false;
}

bool is_below(std::string_view path, std::string_view folder) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  if (folder.starts_with("./")) folder.remove_prefix(2);
  if (folder.empty() || folder == ".") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace healer
