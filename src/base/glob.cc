#include "base/glob.h"

#include <cstddef>

namespace healer {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Where matching goes on after a mismatch: the latest star of its kind, and what it has taken.
struct Backtrack {
  std::size_t pattern = kNone, text = 0;
  bool folders_only = false;  // of "**/": may only end at the start of a path component
};

// Moves a "**" on by one character, or to the next component. False where the text is used up.
bool widen(Backtrack& star, std::string_view text) {
  if (star.pattern == kNone) return false;
  if (!star.folders_only) return star.text++ < text.size();
  const std::size_t slash = text.find('/', star.text);
  if (slash == kNone) return false;
  star.text = slash + 1;
  return true;
}

bool match_whole(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  Backtrack one, two;
  while (true) {
    if (pattern.substr(p, 2) == "**") {
      const bool folders = pattern.substr(p, 3) == "**/";
      p += folders ? 3 : 2;
      two = {p, t, folders};
      one = {};
      continue;
    }
    if (p < pattern.size() && pattern[p] == '*') {
      one = {++p, t, false};
      continue;
    }
    if (p == pattern.size() && t == text.size()) return true;
    const bool same = p < pattern.size() && t < text.size() &&
                      (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != '/'));
    if (same) {
      ++p;
      ++t;
    } else if (one.pattern != kNone && one.text < text.size() && text[one.text] != '/') {
      p = one.pattern;
      t = ++one.text;
    } else if (widen(two, text)) {
      if (two.text > text.size()) return false;
      p = two.pattern;
      t = two.text;
      one = {};
    } else {
      return false;
    }
  }
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view path) {
  while (pattern.starts_with("./")) pattern.remove_prefix(2);
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  if (pattern.ends_with('/')) {
    pattern.remove_suffix(1);
    return path.size() > pattern.size() + 1 && path[pattern.size()] == '/' &&
           match_whole(pattern, path.substr(0, pattern.size()));
  }
  if (match_whole(pattern, path)) return true;
  if (pattern.find('/') != kNone) return false;
  const std::size_t slash = path.rfind('/');
  return slash != kNone && match_whole(pattern, path.substr(slash + 1));
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = kNone, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != kNone) {
      p = star;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace healer
