#include "types/mask.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace healer {
namespace {

constexpr std::string_view kGone = "[secret]";

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}
bool is_token(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ||
         c == '/' || c == '+' || c == '=' || c == '~';
}

bool starts_with_at(std::string_view text, std::size_t at, std::string_view prefix) {
  if (at + prefix.size() > text.size()) return false;
  return std::equal(
      prefix.begin(), prefix.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
      [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

// Keys whose value is a secret. Suffix match on the normalised key, so DB_PASSWORD and apiKey hit.
bool is_secret_key(std::string_view key) {
  std::string plain;
  for (const char c : key)
    if (c != '_' && c != '-')
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  static constexpr std::array<std::string_view, 14> kEndings{
      "password",        "passwd",    "pwd",       "secret",     "apikey",     "accesskey",
      "privatekey",      "token",     "authtoken", "credential", "passphrase", "credentials",
      "secretaccesskey", "signingkey"};
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return plain.ends_with(end); });
}

// Well-known credential shapes by their published prefix; returns the token's length at `at`, or 0.
std::size_t known_token(std::string_view text, std::size_t at) {
  struct Shape {
    std::string_view prefix;
    std::size_t length_min;
  };
  static constexpr std::array<Shape, 13> kShapes{{{"ghp_", 30},
                                                  {"gho_", 30},
                                                  {"ghs_", 30},
                                                  {"ghr_", 30},
                                                  {"github_pat_", 40},
                                                  {"glpat-", 20},
                                                  {"xoxb-", 20},
                                                  {"xoxp-", 20},
                                                  {"sk-", 24},
                                                  {"sk_live_", 20},
                                                  {"AKIA", 20},
                                                  {"ASIA", 20},
                                                  {"eyJ", 40}}};
  if (at > 0 && is_word(text[at - 1])) return 0;
  for (const auto& shape : kShapes) {
    if (text.substr(at, shape.prefix.size()) != shape.prefix) continue;
    std::size_t end = at;
    while (end < text.size() && (is_word(text[end]) || text[end] == '.')) ++end;
    if (shape.prefix == "eyJ" && text.substr(at, end - at).find('.') == std::string_view::npos)
      continue;
    if (end - at >= shape.length_min) return end - at;
  }
  return 0;
}

// Length of the secret value that starts at `at` (after key and separator).
std::size_t value_length(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] == '"' || text[at] == '\'') {
    const std::size_t close = text.find(text[at], at + 1);
    return close == std::string_view::npos ? text.size() - at : close - at + 1;
  }
  std::size_t end = at;
  while (end < text.size() && !std::isspace(static_cast<unsigned char>(text[end])) &&
         text[end] != ',' && text[end] != ';' && text[end] != '&' && text[end] != '}' &&
         text[end] != ')' && text[end] != ']' && text[end] != '"')
    ++end;
  return end - at;
}

// Values that only look like a secret: placeholders and references stay readable.
bool is_reference(std::string_view value) {
  return value.empty() || value.front() == '$' || value.front() == '<' || value.front() == '{' ||
         value == "null" || value == "true" || value == "false" || value == "none" ||
         value.starts_with("[secret");
}

// At the end of a word `key` that ends at `at`: if a secret value follows, returns its position and
// length.
struct Span {
  std::size_t at = 0, length = 0;
};
Span secret_after_key(std::string_view text, std::size_t key_start, std::size_t at) {
  if (!is_secret_key(text.substr(key_start, at - key_start))) return {};
  std::size_t pos = at;
  if (pos < text.size() && (text[pos] == '"' || text[pos] == '\'')) ++pos;  // "key": value
  while (pos < text.size() && text[pos] == ' ') ++pos;
  if (pos >= text.size() || (text[pos] != '=' && text[pos] != ':')) return {};
  ++pos;
  while (pos < text.size() && (text[pos] == ' ' || text[pos] == '=')) ++pos;
  const std::size_t length = value_length(text, pos);
  std::string_view value = text.substr(pos, length);
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\''))
    value = value.substr(1, value.size() - 2);
  if (value.size() < 3 || is_reference(value)) return {};
  return {pos, length};
}

// "Bearer x", "Basic x" after an authorization word.
Span authorization(std::string_view text, std::size_t at) {
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    if (!starts_with_at(text, at, scheme)) continue;
    std::size_t end = at + scheme.size();
    const std::size_t start = end;
    while (end < text.size() && is_token(text[end])) ++end;
    const bool has_digit_or_symbol =
        std::any_of(text.begin() + static_cast<std::ptrdiff_t>(start),
                    text.begin() + static_cast<std::ptrdiff_t>(end), [](char c) {
                      return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '=' ||
                             c == '.' || c == '_';
                    });
    if (end - start >= 12 && has_digit_or_symbol) return {start, end - start};
  }
  return {};
}

// scheme://user:password@host
Span url_password(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "://") return {};
  std::size_t colon = std::string_view::npos;
  for (std::size_t i = at + 3; i < text.size() && i < at + 300; ++i) {
    const char c = text[i];
    if (c == ':' && colon == std::string_view::npos) colon = i;
    if (c == '@') {
      if (colon == std::string_view::npos || i == colon + 1) return {};
      const auto value = text.substr(colon + 1, i - colon - 1);
      if (is_reference(value)) return {};
      return {colon + 1, i - colon - 1};
    }
    if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '"' || c == '\'')
      return {};
  }
  return {};
}

Span private_key(std::string_view text, std::size_t at) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  if (text.substr(at, kBegin.size()) != kBegin) return {};
  const std::size_t line_end = text.find('\n', at);
  if (text.substr(at, std::min(line_end, text.size()) - at).find("PRIVATE KEY") ==
      std::string_view::npos)
    return {};
  const std::size_t end = text.find("-----END ", at);
  if (end == std::string_view::npos) return {at, text.size() - at};
  const std::size_t tail = text.find("-----", end + 9);
  return {at, (tail == std::string_view::npos ? text.size() : tail + 5) - at};
}

Span secret_at(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '-') return private_key(text, at);
  if (c == ':') return url_password(text, at);
  const bool word_start = is_word(c) && (at == 0 || !is_word(text[at - 1]));
  if (!word_start) return {};
  if (const std::size_t length = known_token(text, at); length > 0) return {at, length};
  if (const Span span = authorization(text, at); span.length > 0) return span;
  std::size_t end = at;
  while (end < text.size() && is_word(text[end])) ++end;
  return secret_after_key(text, at, end);
}

}  // namespace

MaskedText mask(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const Span span = secret_at(text, at);
    if (span.length == 0) continue;
    out.append(text, copied, span.at - copied);
    const bool quoted = text[span.at] == '"' || text[span.at] == '\'';
    if (quoted) out += text[span.at];
    out += kGone;
    if (quoted) out += text[span.at];
    copied = span.at + span.length;
    at = copied - 1;
  }
  out.append(text, copied, text.size() - copied);
  return MaskedText(std::move(out));
}

MaskedText operator+(const MaskedText& a, const MaskedText& b) {
  return MaskedText(a.text_ + b.text_);
}

bool has_secret(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at)
    if (secret_at(text, at).length > 0) return true;
  return false;
}

}  // namespace healer
