#include "stages/ingest/logger_name.h"

#include <algorithm>
#include <array>

#include "stages/ingest/chars.h"

namespace healer {
namespace {

constexpr std::array<std::string_view, 48> kMessageWords{
    "accepted", "aborted",   "at",       "body",    "cannot",  "cause",   "caused",   "closed",
    "code",     "command",   "connect",  "created", "deleted", "denied",  "done",     "error",
    "errors",   "exception", "exit",     "failed",  "failure", "fatal",   "file",     "found",
    "got",      "hint",      "http",     "https",   "invalid", "killed",  "loading",  "message",
    "missing",  "not",       "note",     "panic",   "query",   "reason",  "received", "rejected",
    "response", "result",    "starting", "status",  "timeout", "unknown", "usage",    "warning"};

bool ends_with_any(std::string_view word) {
  return word.ends_with("Exception") || word.ends_with("Error") || word.ends_with("Throwable");
}

}  // namespace

bool is_logger_name(std::string_view word) {
  if (word.empty() || word.size() > 100 || ends_with_any(word)) return false;
  if (!is_alpha(word.front()) && word.front() != '_') return false;
  bool punctuated = false, camel = false, lower = false, upper = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (is_lower(c)) {
      lower = true;
    } else if (is_upper(c)) {
      upper = true;
      camel |= i > 0 && is_lower(word[i - 1]);
    } else if (is_digit(c)) {
      continue;
    } else if (c == '.' || c == '_' || c == '$' || c == '/' || c == '#' || c == '@' || c == '-' ||
               c == ':') {
      punctuated = true;
    } else {
      return false;
    }
  }
  if (word.find("://") != std::string_view::npos) return false;
  if (punctuated || camel) return true;
  if (upper || !lower) return false;
  return !std::binary_search(kMessageWords.begin(), kMessageWords.end(), word);
}

bool is_header_word(std::string_view word) {
  if (word.empty() || word.size() > 64) return false;
  if (word == "-") return true;
  const char last = word.back();
  if (last == ',' || last == ';' || last == '.' || last == ':' || last == '!' || last == '?')
    return word.size() == 2 && is_upper(word[0]);  // "E," of a Ruby logger
  bool lower = false, other = false;
  for (char c : word) {
    if (c == '=' || c == '"' || c == '\'' || c == '{' || c == '(') return false;
    if (is_lower(c))
      lower = true;
    else if (!is_upper(c))
      other = true;
  }
  return other || (!lower && word.size() > 1);
}

}  // namespace healer
