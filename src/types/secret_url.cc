#include <algorithm>

#include "types/secret_span.h"

namespace healer {
namespace {

constexpr std::size_t kAuthorityBytesMax = 500;

bool ends_url(char c) {
  return is_blank(c) || c == '"' || c == '\'' || c == '<' || c == '>' || c == '`';
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_class(c, kDigit); });
}

// `https://TOKEN@host`: a user that nobody would choose as a name.
bool is_token_user(std::string_view user) {
  return user.size() >= 20 && has_class(user, kDigit) && has_class(user, kUpper | kLower) &&
         std::ranges::all_of(user, is_word_byte);
}

}  // namespace

Span url_secret(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "://") return {};
  const std::size_t start = at + 3;
  const std::size_t stop = std::min(text.size(), start + kAuthorityBytesMax);
  constexpr auto kNone = std::string_view::npos;
  std::size_t colon = kNone, sign = kNone;  // the first ':', the last '@'
  for (std::size_t i = start; i < stop && !ends_url(text[i]); ++i) {
    const char c = text[i];
    if (c == '[' && i == start) return {};  // an IPv6 host
    if (c == ':' && colon == kNone && sign == kNone) colon = i;
    if (c == '@') sign = i;
    // The authority ends here, unless a password has such a byte in it: no port is before it.
    if (std::string_view("/?#,;").contains(c) &&
        (sign != kNone || colon == kNone || is_number(text.substr(colon + 1, i - colon - 1))))
      break;
  }
  if (sign == kNone) return {};
  const std::size_t from = colon == kNone ? start : colon + 1;
  const std::string_view value = text.substr(from, sign - from);
  if (value.empty() || is_reference(value)) return {};
  if (colon == kNone && !is_token_user(value)) return {};
  return {from, value.size()};
}

Span dsn_secret(std::string_view text, std::size_t at) {
  if (at == 0 || !is_word_byte(text[at - 1])) return {};
  std::size_t sign = at + 1;
  while (sign < text.size() && sign < at + 200 && text[sign] != '@' && !ends_url(text[sign]) &&
         text[sign] != '/' && text[sign] != ',')
    ++sign;
  if (sign >= text.size() || text[sign] != '@' || sign - at < 4) return {};
  const std::string_view value = text.substr(at + 1, sign - at - 1);
  if (is_reference(value)) return {};
  const std::string_view host = text.substr(sign + 1, 100);
  if (host.starts_with("tcp(") || host.starts_with("unix(")) return {at + 1, value.size()};
  // Without that, only what is followed by a host and a port, and is no name.
  if (!has_class(value, kDigit) || !has_class(value, kUpper | kLower) || value.contains(':'))
    return {};
  std::size_t end = 0;
  while (end < host.size() && (is_word_byte(host[end]) || host[end] == '.')) ++end;
  if (end == 0 || end + 1 >= host.size() || host[end] != ':' || !is_class(host[end + 1], kDigit))
    return {};
  return {at + 1, value.size()};
}

}  // namespace healer
