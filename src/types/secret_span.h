#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace healer {

// Where a secret stands in a text; length 0: there is none.
struct Span {
  std::size_t at = 0, length = 0;
};

// The finders of mask(), one per family of shapes. Each looks at one place, reads the text around
// it and takes O(length of what it finds). Pure.

// A credential that is known by its published shape, at the start of a word: prefixes, JWTs.
Span known_token(std::string_view text, std::size_t at);
// A block `-----BEGIN … PRIVATE KEY-----` at a '-': to its end, or to the end of the text.
Span private_key(std::string_view text, std::size_t at);
// A crypt(3), bcrypt or argon2 hash at a '$'.
Span password_hash(std::string_view text, std::size_t at);

// The password of `scheme://user:password@host`, or a token for a user, at the ':' of "://".
Span url_secret(std::string_view text, std::size_t at);
// The password of `user:password@tcp(host)` and `user:password@host:port`, at the ':'.
Span dsn_secret(std::string_view text, std::size_t at);

// What follows the word [at, end), if that names a secret: key=value and its kin, headers, cookies,
// SQL, commands of servers.
Span secret_after_word(std::string_view text, std::size_t at, std::size_t end);
// What follows a short option at a '-', such as `mysql -p…` and `curl -u user:…`.
Span secret_after_option(std::string_view text, std::size_t at);

// Bytes by what they can be part of, without the locale.
enum ByteClass : std::uint8_t { kUpper = 1, kLower = 2, kDigit = 4, kBlank = 8 };
inline bool is_class(char c, int classes) {
  const auto byte = static_cast<unsigned char>(c);
  return ((classes & kUpper) != 0 && byte >= 'A' && byte <= 'Z') ||
         ((classes & kLower) != 0 && byte >= 'a' && byte <= 'z') ||
         ((classes & kDigit) != 0 && byte >= '0' && byte <= '9') ||
         ((classes & kBlank) != 0 && (byte == ' ' || (byte >= '\t' && byte <= '\r')));
}
inline bool is_alnum(char c) { return is_class(c, kUpper | kLower | kDigit); }
inline bool is_word_byte(char c) { return is_alnum(c) || c == '_' || c == '-'; }
inline bool is_blank(char c) { return is_class(c, kBlank); }
inline bool has_class(std::string_view text, int classes) {
  for (const char c : text)
    if (is_class(c, classes)) return true;
  return false;
}
inline char lower(char c) { return is_class(c, kUpper) ? static_cast<char>(c + 32) : c; }
// True where `text` begins with `prefix`, which is lower case, in any case.
inline bool begins(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (lower(text[i]) != prefix[i]) return false;
  return true;
}
inline bool same_word(std::string_view text, std::string_view word) {
  return text.size() == word.size() && begins(text, word);
}

// True for values that only stand for a secret: placeholders, variables, what is masked already.
bool is_reference(std::string_view value);

}  // namespace healer
