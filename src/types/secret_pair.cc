#include <algorithm>
#include <array>

#include "types/secret_span.h"

namespace healer {
namespace {

// Who would be told apart by a value that is a plain word: passwords often are one, tokens never.
enum class KeyKind { none, password, token, session };

constexpr std::size_t kKeyBytesMax = 64;
constexpr std::size_t kSessionBytesMin = 16;       // shorter ones are counters and names
constexpr std::size_t kValueBytesMax = 16 * 1024;  // no secret is longer; bounds what is read twice
constexpr std::size_t kCommandBytesMax = 300;      // a program stands so far before its option

constexpr std::array<std::string_view, 7> kPasswords{
    "password", "passwd", "pwd", "passphrase", "psw", "passcode", "passwort"};
constexpr std::array<std::string_view, 28> kTokens{"token",         "secret",
                                                   "apikey",        "accesskey",
                                                   "privatekey",    "secretkey",
                                                   "signingkey",    "authkey",
                                                   "encryptionkey", "masterkey",
                                                   "sharedkey",     "accountkey",
                                                   "hmackey",       "licensekey",
                                                   "secretkeybase", "credential",
                                                   "credentials",   "appkey",
                                                   "consumerkey",   "passwordhash",
                                                   "amzsignature",  "sharedaccesssignature",
                                                   "storagekey",    "primarykeysecret",
                                                   "keystorepass",  "truststorepass",
                                                   "recoverycode",  "seedphrase"};
constexpr std::array<std::string_view, 8> kWholeTokens{
    "otp", "pw", "auth", "pass", "jwt", "requirepass", "masterauth", "authpass"};
constexpr std::array<std::string_view, 10> kSessions{
    "sessionid", "jsessionid", "phpsessid", "sid",  "csrf",
    "xsrf",      "sig",        "signature", "sess", "sessionkey"};

KeyKind kind_of(std::string_view key) {
  if (key.size() > kKeyBytesMax) key = key.substr(key.size() - kKeyBytesMax);
  std::array<char, kKeyBytesMax> bytes;
  std::size_t size = 0;
  for (const char c : key)
    if (c != '_' && c != '-') bytes[size++] = lower(c);
  const std::string_view plain(bytes.data(), size);
  const auto ends = [&](std::string_view word) { return plain.ends_with(word); };
  const auto is = [&](std::string_view word) { return plain == word; };
  if (std::ranges::any_of(kPasswords, ends)) return KeyKind::password;
  if (std::ranges::any_of(kTokens, ends)) return KeyKind::token;
  if (std::ranges::any_of(kWholeTokens, is)) return KeyKind::token;
  if (std::ranges::any_of(kSessions, is)) return KeyKind::session;
  // db_pass, DB-PASS and dbPass, but not bypass.
  if (plain.size() > 4 && ends("pass")) {
    const std::string_view end = key.substr(key.size() - 4);
    const char before = key[key.size() - 5];
    if (before == '_' || before == '-' || (end[0] == 'P' && is_class(before, kLower)))
      return KeyKind::password;
  }
  return KeyKind::none;
}

// Words that say how a secret is, instead of what it is.
bool is_state(std::string_view value) {
  static constexpr std::array<std::string_view, 66> kWords{
      "null",       "nil",      "none",        "true",     "false",    "yes",       "expired",
      "invalid",    "missing",  "required",    "empty",    "unset",    "undefined", "incorrect",
      "wrong",      "not",      "must",        "mismatch", "failed",   "failure",   "error",
      "changed",    "denied",   "revoked",     "unknown",  "is",       "was",       "has",
      "unexpected", "cannot",   "unable",      "rejected", "accepted", "valid",     "set",
      "string",     "redacted", "masked",      "hidden",   "filtered", "optional",  "disabled",
      "enabled",    "provided", "found",       "loaded",   "rotated",  "refreshed", "malformed",
      "eof",        "absent",   "the",         "too",      "does",     "should",    "could",
      "bearer",     "basic",    "undefined,",  "removed",  "object",   "number",    "boolean",
      "optional,",  "no",       "unauthorized"};
  return std::ranges::any_of(kWords, [&](auto word) { return same_word(value, word); });
}

bool only(std::string_view text, int classes, std::string_view more = "") {
  return std::ranges::all_of(text,
                             [&](char c) { return is_class(c, classes) || more.contains(c); });
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

std::size_t line_end(std::string_view text, std::size_t at) {
  const std::size_t end = text.substr(at, kValueBytesMax).find('\n');
  return end == std::string_view::npos ? std::min(text.size(), at + kValueBytesMax) : at + end;
}

// The word before `at` on the same line, one blank or some punctuation away; empty: none.
std::string_view word_before(std::string_view text, std::size_t at, std::string_view between) {
  std::size_t end = at;
  while (end > 0 && between.contains(text[end - 1])) --end;
  std::size_t start = end;
  while (start > 0 && is_word_byte(text[start - 1]) && end - start < kKeyBytesMax) --start;
  return text.substr(start, end - start);
}

// A quote and the backslashes before it, where the text is a string inside of a string.
struct Quote {
  char mark = 0;  // 0: none
  std::size_t backslashes = 0;
  std::size_t size() const { return mark == 0 ? 0 : backslashes + 1; }
};
Quote quote_at(std::string_view text, std::size_t at) {
  std::size_t i = at;
  while (i < text.size() && text[i] == '\\' && i - at < 7) ++i;
  if (i >= text.size() || (text[i] != '"' && text[i] != '\'' && text[i] != '`')) return {};
  return {text[i], i - at};
}

// Where the string that was opened with `quote` ends, on this line; its end if it is not closed.
std::size_t closing(std::string_view text, std::size_t at, Quote quote) {
  std::size_t backslashes = 0;
  const std::size_t end = line_end(text, at);
  for (std::size_t i = at; i < end; ++i) {
    if (text[i] == '\\') {
      ++backslashes;
      continue;
    }
    const bool escaped =
        quote.backslashes == 0 ? backslashes % 2 == 1 : backslashes > quote.backslashes;
    if (i > at && text[i] == '\'' && quote.mark == '\'' && text.substr(i + 1, 1) == "'") {
      ++i;  // doubled, as SQL and libpq write one inside
      continue;
    }
    if (text[i] == quote.mark && !escaped) return i - std::min(backslashes, quote.backslashes);
    backslashes = 0;
  }
  return end;
}

enum class Separator { none, equals, colon, colon_blank, option, tag };
struct Place {
  Separator separator = Separator::none;
  std::size_t at = 0;  // of the value
};

// What stands between a key and its value.
Place separator_after(std::string_view text, std::size_t key, std::size_t end) {
  const bool option = key >= 2 && text[key - 1] == '-' && text[key - 2] == '-';
  if (end < text.size() && text[end] == '>' && key > 0 &&
      (text[key - 1] == '<' || text[key - 1] == ':'))
    return {Separator::tag, end + 1};
  const Quote quote = quote_at(text, end);
  std::size_t at = skip_blanks(text, end + quote.size());
  if (at >= text.size()) return {};
  if (text.substr(at, 2) == "=>" || text.substr(at, 2) == ":=")
    return {Separator::equals, skip_blanks(text, at + 2)};
  if (text[at] == '=') {
    while (at < text.size() && text[at] == '=') ++at;
    return {Separator::equals, skip_blanks(text, at)};
  }
  if (begins(text.substr(at), "%3d")) return {Separator::equals, at + 3};
  if (text[at] == ':') {
    if (at + 1 < text.size() && text[at + 1] == ':') return {};
    const std::size_t value = skip_blanks(text, at + 1);
    const bool apart = value > at + 1 && quote.mark == 0;
    return {apart ? Separator::colon_blank : Separator::colon, value};
  }
  if (!option) return {};
  if (quote.mark != 0 && text[at] == ',') at = skip_blanks(text, at + 1);  // an argv as JSON
  if (at == end || at >= text.size() || text[at] == '-' || text[at] == '\n') return {};
  return {Separator::option, at};
}

std::size_t bare_end(std::string_view text, std::size_t at, std::string_view ends) {
  const std::size_t stop = std::min(text.size(), at + kValueBytesMax);
  while (at < stop && !is_blank(text[at]) && !ends.contains(text[at])) ++at;
  return at;
}

// The lines of a YAML block scalar `|` or `>`, which are indented like its first.
Span block_scalar(std::string_view text, std::size_t at) {
  std::size_t line = line_end(text, at) + 1;
  if (line >= text.size()) return {};
  const std::size_t start = skip_blanks(text, line);
  const std::size_t indent = start - line;
  if (indent == 0) return {};
  std::size_t end = line_end(text, start);
  while (end + 1 < text.size() && skip_blanks(text, end + 1) - end - 1 >= indent)
    end = line_end(text, end + 1);
  return {start, end - start};
}

struct Value {
  Span span;
  bool quoted = false;
};
Value value_at(std::string_view text, Place place, std::string_view key) {
  const std::size_t at = place.at;
  if (at >= text.size()) return {};
  if (place.separator == Separator::tag) {
    const std::string_view line = text.substr(at, line_end(text, at) - at);
    return {{at, std::min(line.find('<'), line.size())}, true};
  }
  std::size_t start = at;
  if ((text[at] == 'b' || text[at] == 'u' || text[at] == 'r') && quote_at(text, at + 1).mark != 0)
    ++start;  // Python's b'…'
  if (const Quote quote = quote_at(text, start); quote.mark != 0) {
    start += quote.size();
    return {{start, closing(text, start, quote) - start}, true};
  }
  if (text[at] == '{' && place.separator == Separator::equals) {  // ODBC
    const std::size_t end = line_end(text, at);
    std::size_t close = at + 1;  // a brace inside is doubled
    while (close < end && (text[close] != '}' || text.substr(close + 1, 1) == "}"))
      close += text[close] == '}' ? 2U : 1U;
    if (close >= end || text[at + 1] == '{') return {};
    return {{at + 1, close - at - 1}, false};
  }
  if ((text[at] == '|' || text[at] == '>') && place.separator == Separator::colon_blank)
    return {block_scalar(text, at), true};
  const bool environment =
      place.separator == Separator::equals && key.contains('_') && !has_class(key, kLower);
  if (environment || place.separator == Separator::option) {
    std::size_t end = bare_end(text, at, "\"'`");
    while (end > at && std::string_view(",;)}]").contains(text[end - 1])) --end;
    return {{at, end - at}, false};
  }
  return {{at, bare_end(text, at, ",;&})]\"'`<\\") - at}, false};
}

// `token: unexpected end of input`, `password: must have a digit`: a sentence goes on here.
bool is_prose(std::string_view text, std::size_t key, Value value, KeyKind kind, Place place) {
  const std::string_view word = text.substr(value.span.at, value.span.length);
  if (is_state(word.substr(0, word.find_last_not_of(".:!") + 1))) return true;
  const bool apart = !value.quoted && place.separator == Separator::colon_blank;
  if (apart && word.ends_with(':') && !has_class(word, kDigit)) return true;
  const std::string_view before = word_before(text, key, " ");
  static constexpr std::array<std::string_view, 8> kParsers{
      "unexpected", "illegal", "near", "at", "next", "current", "unknown", "invalid"};
  const bool parsed = kind == KeyKind::token && std::ranges::any_of(kParsers, [&](auto parser) {
                        return same_word(before, parser);
                      });
  if (parsed && (word.size() < 8 || !has_class(word, kDigit))) return true;
  if (!apart) return false;
  if (kind == KeyKind::token && !before.empty() && only(word, kUpper | kLower, "-/._'"))
    return true;
  const std::size_t next = value.span.at + word.size();
  const bool goes_on = next + 1 < text.size() && text[next] == ' ' &&
                       is_class(text[next + 1], kLower) && only(word, kUpper | kLower, "'");
  if (!goes_on) return false;
  const std::size_t end = bare_end(text, next + 1, ",;&})]\"'`<\\");
  return end >= text.size() ||
         (text[end] != '=' && !text.substr(next, end - next).contains('=') && text[end - 1] != ':');
}

// A path to a secret is none: /run/secrets/token, C:\app, and PWD, the working directory.
bool is_path(std::string_view value, KeyKind kind, std::string_view key) {
  if (value.size() > 2 && value[1] == ':' && (value[2] == '\\' || value[2] == '/')) return true;
  if (!value.starts_with('/') && !value.starts_with("./") && !value.starts_with("~/")) return false;
  if (key == "PWD" || key == "OLDPWD" || same_word(key, "pwd")) return true;
  return kind != KeyKind::password && value.substr(1).contains('/') &&
         value.find_first_of("+=") == std::string_view::npos;
}

// `password = read_password()`: code that gets it.
bool is_call(std::string_view text, Value value) {
  const std::string_view word = text.substr(value.span.at, value.span.length);
  const auto open = word.find('(');
  return !value.quoted && open != std::string_view::npos && open > 0 &&
         text.substr(value.span.at + word.size(), 1) == ")" &&
         only(word.substr(0, open), kUpper | kLower, "_.");
}

bool is_secret_value(std::string_view text, std::size_t key_at, std::string_view key, KeyKind kind,
                     Place place, Value value) {
  const std::string_view word = text.substr(value.span.at, value.span.length);
  if (word.size() < 3 || is_reference(word)) return false;
  if (kind == KeyKind::session)
    return word.size() >= kSessionBytesMin && has_class(word, kDigit) && !word.contains(' ') &&
           !word.contains('(');
  if (same_word(key, "pass") && (place.separator == Separator::colon_blank || only(word, kDigit)))
    return false;
  if (same_word(key, "auth") &&
      (word.size() < 12 || word.contains(' ') || !has_class(word, kUpper | kDigit)))
    return false;
  if (is_path(word, kind, key) || is_call(text, value)) return false;
  return !is_prose(text, key_at, value, kind, place);
}

// `Authorization: SCHEME credentials`, whatever the scheme; a sentence about it has none.
Span authorization(std::string_view text, std::size_t key, Place place) {
  const Quote quote = quote_at(text, place.at);
  const std::size_t start = place.at + quote.size();
  std::size_t end = quote.mark == 0 ? line_end(text, start) : closing(text, start, quote);
  if (key > 0 && (text[key - 1] == '\'' || text[key - 1] == '"'))  // a header as an argument
    end = std::min(end, text.find(text[key - 1], start));
  const std::string_view all = text.substr(start, end - start);
  static constexpr std::array<std::string_view, 11> kSchemes{
      "bearer", "basic", "digest", "negotiate",        "ntlm",     "token",
      "apikey", "hawk",  "hmac",   "aws4-hmac-sha256", "sharedkey"};
  const std::size_t word_end = bare_end(all, 0, ",\"'`");
  const std::string_view word = all.substr(0, word_end);
  if (std::ranges::none_of(kSchemes, [&](auto scheme) { return same_word(word, scheme); })) {
    const bool token = word.size() >= kSessionBytesMin && has_class(word, kDigit);
    return token && !is_reference(word) ? Span{start, word.size()} : Span{};
  }
  const std::size_t from = skip_blanks(all, word_end);
  const bool whole =
      same_word(word, "digest") || same_word(word, "hawk") || same_word(word, "aws4-hmac-sha256");
  std::size_t to = whole ? all.size() : bare_end(all, from, ",;\"'`\\)}]");
  while (to > from && is_blank(all[to - 1])) --to;
  const std::string_view value = all.substr(from, to - from);
  if (value.size() < 6 || is_reference(value) || (!whole && only(value, kLower))) return {};
  return {start + from, value.size()};
}

// "Bearer x" and "Basic x" wherever they stand.
Span scheme_credentials(std::string_view text, std::size_t at, std::size_t end) {
  const std::string_view word = text.substr(at, end - at);
  if (!same_word(word, "bearer") && !same_word(word, "basic")) return {};
  if (end >= text.size() || text[end] != ' ') return {};
  const std::size_t start = skip_blanks(text, end);
  std::size_t stop = start;
  while (stop < text.size() &&
         (is_word_byte(text[stop]) || std::string_view("./+=~").contains(text[stop])))
    ++stop;
  const std::string_view value = text.substr(start, stop - start);
  if (value.size() < 12) return {};
  if (!has_class(value, kDigit) && value.find_first_of("=._") == std::string_view::npos &&
      !has_class(value.substr(1), kUpper))
    return {};
  return {start, value.size()};
}

// `Cookie: a=b; c=d` whole, of `Set-Cookie: name=value; Path=/` the value.
Span cookie(std::string_view text, std::string_view key, Place place) {
  if (place.separator == Separator::none) return {};
  const Quote quote = quote_at(text, place.at);
  const std::size_t start = place.at + quote.size();
  std::size_t end = quote.mark == 0 ? line_end(text, start) : closing(text, start, quote);
  if (quote.mark == 0) end = std::min(end, text.find_first_of("\"'`", start));
  const std::string_view all = text.substr(start, end - start);
  const auto equals = all.find('=');
  if (equals == std::string_view::npos || equals + 1 >= all.size()) return {};
  if (all.substr(0, equals).find_first_of(" (") != std::string_view::npos) return {};
  if (!begins(key, "set")) {
    std::size_t size = all.size();
    while (size > 0 && is_blank(all[size - 1])) --size;
    return is_reference(all) ? Span{} : Span{start, size};
  }
  const std::string_view value = all.substr(equals + 1, all.substr(equals + 1).find(';'));
  if (value.size() < 3 || is_reference(value)) return {};
  return {start + equals + 1, value.size()};
}

// SQL (`IDENTIFIED BY 'x'`, `PASSWORD 'x'`), redis.conf, netrc: a blank stands before the value.
Span after_blank(std::string_view text, std::size_t at, std::size_t end) {
  const std::string_view word = text.substr(at, end - at);
  static constexpr std::array<std::string_view, 4> kWords{"by", "password", "requirepass",
                                                          "masterauth"};
  if (std::ranges::none_of(kWords, [&](auto one) { return same_word(word, one); })) return {};
  const std::size_t value = skip_blanks(text, text[end] == '(' ? end + 1 : end);
  if (value >= text.size()) return {};
  const Quote quote = quote_at(text, value);
  const std::size_t start = value + quote.size();
  const std::size_t stop =
      quote.mark == 0 ? bare_end(text, start, ",;\"'`)") : closing(text, start, quote);
  const Span span{start, stop - start};
  const std::string_view secret = text.substr(span.at, span.length);
  if (secret.size() < 3 || is_reference(secret)) return {};
  if (same_word(word, "by") && quote.mark == '\'')
    return same_word(word_before(text, at, " "), "identified") ? span : Span{};
  if (same_word(word, "requirepass") || same_word(word, "masterauth"))
    return is_state(secret) ? Span{} : span;
  if (!same_word(word, "password")) return {};
  if (quote.mark != 0) return secret.contains(' ') || is_state(secret) ? Span{} : span;
  // netrc: login NAME password SECRET
  const std::string_view name = word_before(text, at, " ");
  if (name.empty()) return {};
  const auto name_at = static_cast<std::size_t>(name.data() - text.data());
  return same_word(word_before(text, name_at, " "), "login") ? span : Span{};
}

// Redis (`AUTH secret`, `"AUTH" "user" "secret"`) and SMTP (`AUTH PLAIN …`).
Span auth_command(std::string_view text, std::size_t end) {
  if (const Quote quote = quote_at(text, end); quote.mark != 0) {
    const std::size_t from = skip_blanks(text, end + 1);
    if (from >= text.size() || text[from] != quote.mark) return {};
    const std::size_t to = text.rfind(quote.mark, line_end(text, from) - 1);
    if (to <= from + 1 || is_reference(text.substr(from + 1))) return {};
    return {from + 1, to - from - 1};
  }
  std::size_t from = skip_blanks(text, end);
  if (from == end) return {};
  std::size_t to = bare_end(text, from, ",;\"'`)");
  const std::string_view word = text.substr(from, to - from);
  if (word == "PLAIN" || word == "LOGIN" || word == "XOAUTH2" || word == "CRAM-MD5") {
    from = skip_blanks(text, to);
    to = bare_end(text, from, ",;\"'`)");
    return to - from >= 8 && !is_reference(text.substr(from)) ? Span{from, to - from} : Span{};
  }
  if (word.size() < 6 || !has_class(word, kDigit) || is_reference(word)) return {};
  return {from, word.size()};
}

// jdbc:oracle:thin:scott/tiger@host and `sqlplus scott/tiger@host`.
Span oracle_login(std::string_view text, std::size_t end) {
  if (end >= text.size() || (text[end] != ':' && text[end] != ' ')) return {};
  const std::string_view login = text.substr(0, end + kCommandBytesMax);
  const std::size_t stop = bare_end(login, end + 1, "\"'`");
  const std::size_t slash = login.substr(0, stop).find('/', end + 1);
  const std::size_t sign = login.substr(0, stop).find('@', end + 1);
  if (slash == std::string_view::npos || sign == std::string_view::npos || sign <= slash + 1)
    return {};
  const Span span{slash + 1, sign - slash - 1};
  return is_reference(text.substr(span.at, span.length)) ? Span{} : span;
}

// `name: DB_PASSWORD` … `value: x`, as Kubernetes and XML settings write a pair.
KeyKind kind_of_named(std::string_view text, std::size_t at) {
  constexpr std::string_view kBetween = " \t\r\n\",'\\";
  const std::string_view named = word_before(text, at, kBetween);
  if (named.empty()) return KeyKind::none;
  const auto named_at = static_cast<std::size_t>(named.data() - text.data());
  const std::string_view name = word_before(text, named_at, " \"'\\:=");
  if (!same_word(name, "name") && !same_word(name, "key")) return KeyKind::none;
  return kind_of(named);
}

}  // namespace

bool is_reference(std::string_view value) {
  if (value.empty()) return true;
  const char first = value.front();
  if (value.starts_with("[secret") || first == '<') return true;
  if (first == '[') return only(value.substr(1), kUpper | kLower, "_-] ");
  if (first == '{') return true;
  if (only(value, 0, "*xX.•")) return true;
  if (first == '$') {
    const std::string_view name = value.substr(1);
    return name.starts_with('{') || name.starts_with('(') || only(name, kUpper | kDigit, "_");
  }
  if (first == '%')
    return value.size() <= 3 || value[1] == '(' || (value.ends_with('%') && value.size() > 2);
  static constexpr std::array<std::string_view, 9> kCode{
      "process.env",   "os.environ", "os.getenv", "getenv(", "env[",
      "system.getenv", "secrets.",   "vault:",    "env("};
  return std::ranges::any_of(kCode, [&](auto code) { return begins(value, code); });
}

Span secret_after_word(std::string_view text, std::size_t at, std::size_t end) {
  const std::string_view key = text.substr(at, end - at);
  if (key.size() < 2 || end >= text.size()) return {};
  const char next = text[end];
  if (next == ' ' || next == '\t') {
    if (const Span span = after_blank(text, at, end); span.length > 0) return span;
    if (const Span span = scheme_credentials(text, at, end); span.length > 0) return span;
  } else if (next == '(' && same_word(key, "password")) {
    return after_blank(text, at, end);
  } else if (!std::string_view("=:\"'`\\%>").contains(next)) {
    return {};
  }
  if (key == "AUTH")
    if (const Span span = auth_command(text, end); span.length > 0) return span;
  if (same_word(key, "thin") || same_word(key, "oci") || same_word(key, "sqlplus"))
    return oracle_login(text, end);
  const Place place = separator_after(text, at, end);
  if (place.separator == Separator::none || place.at >= text.size()) return {};
  const std::string_view tail = key.substr(key.size() > 13 ? key.size() - 13 : 0);
  if (same_word(tail, "authorization")) return authorization(text, at, place);
  if (same_word(key, "cookie") || same_word(key, "cookies") || same_word(key, "set-cookie"))
    return cookie(text, key, place);
  const KeyKind kind = same_word(key, "value") ? kind_of_named(text, at) : kind_of(key);
  if (kind == KeyKind::none) return {};
  const Value value = value_at(text, place, key);
  if (!is_secret_value(text, at, key, kind, place, value)) return {};
  return value.span;
}

Span secret_after_option(std::string_view text, std::size_t at) {
  if (at == 0 || text[at - 1] != ' ' || at + 2 >= text.size()) return {};
  struct Option {
    char letter;
    std::string_view program;
    bool apart;  // the value is the next word
  };
  static constexpr std::array<Option, 9> kOptions{{{'p', "mysql", false},
                                                   {'p', "mariadb", false},
                                                   {'p', "sshpass", true},
                                                   {'p', "sshpass", false},
                                                   {'a', "redis-cli", true},
                                                   {'w', "ldap", true},
                                                   {'P', "ipmitool", true},
                                                   {'u', "curl", true},
                                                   {'p', "docker login", true}}};
  const char letter = text[at + 1];
  const std::size_t from = at - std::min(at, kCommandBytesMax);
  std::string_view before = text.substr(from, at - from);
  before.remove_prefix(before.rfind('\n') + 1);
  for (const auto& option : kOptions) {
    if (option.letter != letter || option.apart != (text[at + 2] == ' ')) continue;
    if (!before.contains(option.program)) continue;
    std::size_t start = skip_blanks(text, at + 2);
    const Quote quote = quote_at(text, start);
    start += quote.size();
    std::size_t end = quote.mark == 0 ? bare_end(text, start, "\"'`") : closing(text, start, quote);
    if (letter == 'u') {  // user:password
      const std::size_t colon = text.substr(0, end).find(':', start);
      if (colon == std::string_view::npos) continue;
      start = colon + 1;
    }
    if (end <= start + 2 || is_reference(text.substr(start, end - start))) continue;
    return {start, end - start};
  }
  return {};
}

}  // namespace healer
