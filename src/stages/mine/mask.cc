#include "stages/mine/mask.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace healer {
namespace {

enum Class : std::uint8_t {
  kDigit = 1,
  kLetter = 2,
  kHex = 4,
  kInner = 8,
  kBlank = 16,
  kVowel = 32
};

constexpr auto kClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = '0'; c <= '9'; ++c) table[c] = kDigit | kHex;
  for (std::size_t c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = kLetter;
  for (std::size_t c = 'a'; c <= 'f'; ++c) table[c] = table[c - 32] = kLetter | kHex;
  for (char v : std::string_view("aeiouyAEIOUY")) table[static_cast<std::size_t>(v)] |= kVowel;
  for (std::size_t c = 128; c < 256; ++c) table[c] = kLetter;
  for (char c : std::string_view("_-./@$#%+~\\*&^:")) table[static_cast<std::size_t>(c)] = kInner;
  for (char c : std::string_view(" \t\r\v\f")) table[static_cast<std::size_t>(c)] = kBlank;
  return table;
}();

std::uint8_t class_of(char c) { return kClass[static_cast<unsigned char>(c)]; }
bool is_word(char c) { return (class_of(c) & (kDigit | kLetter | kInner)) != 0; }
bool is_alnum(char c) { return (class_of(c) & (kDigit | kLetter)) != 0; }

constexpr std::size_t kQuotedBytesMax = 512;

// Keys whose value says what went wrong; the values of all others are masked.
bool is_telling_key(std::string_view key) {
  constexpr std::array<std::string_view, 22> kKeys{
      "action",    "cause",  "class",   "code",   "err",    "errno", "error", "event",
      "exception", "level",  "message", "method", "mode",   "msg",   "op",    "operation",
      "reason",    "result", "signal",  "state",  "status", "type"};
  return std::binary_search(kKeys.begin(), kKeys.end(), key);
}

bool is_domain_end(std::string_view label) {
  constexpr std::array<std::string_view, 14> kEnds{"cloud", "cn",  "com", "de",       "dev",
                                                   "edu",   "gov", "hk",  "internal", "io",
                                                   "local", "net", "org", "svc"};
  return std::binary_search(kEnds.begin(), kEnds.end(), label);
}

bool is_http_method(std::string_view text) {
  constexpr std::array<std::string_view, 7> kMethods{"GET ",   "POST ", "PUT ",    "DELETE ",
                                                     "PATCH ", "HEAD ", "OPTIONS "};
  return std::any_of(kMethods.begin(), kMethods.end(),
                     [&](std::string_view method) { return text.starts_with(method); });
}

bool is_calendar_word(std::string_view word) {
  if (word.size() != 3 || word[0] < 'A' || word[0] > 'Z') return false;
  constexpr std::array<std::string_view, 19> kNames{"Apr", "Aug", "Dec", "Feb", "Fri", "Jan", "Jul",
                                                    "Jun", "Mar", "May", "Mon", "Nov", "Oct", "Sat",
                                                    "Sep", "Sun", "Thu", "Tue", "Wed"};
  return std::binary_search(kNames.begin(), kNames.end(), word);
}

bool is_source_file(std::string_view name) {
  constexpr std::array<std::string_view, 14> kEnds{"c",  "cc", "cpp", "cs", "go", "h",  "java",
                                                   "js", "kt", "php", "py", "rb", "rs", "ts"};
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos &&
         std::binary_search(kEnds.begin(), kEnds.end(), name.substr(dot + 1));
}

struct Shape {
  std::size_t digits = 0, letters = 0, hex = 0, slashes = 0, dots = 0, colons = 0, ats = 0,
              stars = 0;
};

Shape shape_of(std::string_view word) {
  Shape shape;
  for (char c : word) {
    const std::uint8_t kind = class_of(c);
    shape.digits += (kind & kDigit) != 0;
    shape.letters += (kind & kLetter) != 0;
    shape.hex += (kind & kHex) != 0;
    if ((kind & kInner) == 0) continue;
    shape.slashes += c == '/' || c == '\\';
    shape.dots += c == '.';
    shape.colons += c == ':';
    shape.ats += c == '@';
    shape.stars += c == '*';
  }
  return shape;
}

class Masker {
 public:
  Masker(std::string_view text, std::string& out) : text_(text), out_(out), start_(out.size()) {}

  void run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const std::uint8_t kind = class_of(c);
      if ((kind & (kDigit | kLetter | kInner)) != 0) {
        word();
      } else if ((kind & kBlank) != 0) {
        ++at_;
        space_ = out_.size() > start_;
      } else if (c == '"' || c == '\'' || c == '`') {
        quoted(c);
      } else {
        gap();
        out_ += c;
        ++at_;
        if (c == '=') value();
      }
    }
  }

 private:
  void gap() {
    if (space_) out_ += ' ';
    space_ = false;
  }

  // "<*>", "<*> <*>", "<*>, <*>", "<*>.<*>" are all one variable: lists differ in length.
  void wild() {
    const std::size_t size = out_.size() - start_;
    const std::string_view done(out_.data() + start_, size);
    if (done.ends_with(kWildcard)) {
      space_ = false;
      return;
    }
    if (size >= 4) {
      const char last = done.back();
      const bool joins = last == ',' || last == '.' || last == ':' || last == '-' || last == '_' ||
                         last == '/' || last == '|' || last == '#' || last == '+' || last == '@';
      if (joins && done.substr(0, size - 1).ends_with(kWildcard)) {
        out_.pop_back();
        space_ = false;
        return;
      }
    }
    gap();
    out_ += kWildcard;
  }

  void keep(std::string_view word) {
    gap();
    out_ += word;
  }

  void quoted(char quote) {
    const std::size_t open = at_;
    const char before = open == 0 ? ' ' : text_[open - 1];
    const std::string_view rest = text_.substr(open + 1, kQuotedBytesMax);
    const std::size_t close = rest.find(quote);
    const char after = close == std::string_view::npos || open + close + 2 >= text_.size()
                           ? ' '
                           : text_[open + close + 2];
    if (close == std::string_view::npos || is_alnum(before) || is_alnum(after) ||
        (quote == '"' && is_http_method(rest))) {
      gap();
      out_ += quote;
      ++at_;
      return;
    }
    gap();
    out_ += quote;
    if (after == ':' && quote == '"') {  // the key of a JSON member
      out_ += rest.substr(0, close);
    } else if (close > 0) {
      out_ += kWildcard;
    }
    out_ += quote;
    at_ = open + close + 2;
  }

  // Behind '=': the value up to the next separator, unless its key is one that tells.
  void value() {
    std::size_t begin = out_.size() - 1;
    const std::size_t end = begin;
    while (begin > start_ && (is_alnum(out_[begin - 1]) || out_[begin - 1] == '_')) --begin;
    const std::string_view key(out_.data() + begin, end - begin);
    if (key.empty() || at_ >= text_.size() || !is_word(text_[at_]) || is_telling_key(key)) return;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    if (text_[at_ - 1] == '.' || text_[at_ - 1] == ':') --at_;
    out_ += kWildcard;
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    std::size_t end = at_;
    // A full stop or colon behind a word belongs to the sentence.
    while (end > begin + 1 && (text_[end - 1] == '.' || text_[end - 1] == ':')) --end;
    at_ = end;
    const std::string_view word = text_.substr(begin, end - begin);
    const Shape shape = shape_of(word);
    if (is_variable(word, shape)) {
      // a query belongs to its path
      if (shape.slashes >= 1 && at_ < text_.size() && text_[at_] == '?' && at_ + 1 < text_.size() &&
          is_word(text_[at_ + 1]))
        while (at_ < text_.size() &&
               (is_word(text_[at_]) || text_[at_] == '?' || text_[at_] == '=' || text_[at_] == ';'))
          ++at_;
      wild();
    } else if (shape.digits == 0) {
      if (is_calendar_word(word) && before_date())
        wild();
      else
        keep(word);
    } else if (after_request_line(word)) {
      keep(word);
    } else {
      pieces(word);
      drop_repeat();
    }
    while (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == ':')) out_ += text_[at_++];
  }

  // "Jul 9", "Sat Jul 9", "Sat, 9": only then is a month or a day part of a date.
  bool before_date() const {
    std::size_t at = at_;
    if (at < text_.size() && text_[at] == ',') ++at;
    while (at < text_.size() && text_[at] == ' ') ++at;
    if (at == at_ || at >= text_.size()) return false;
    return (class_of(text_[at]) & kDigit) != 0 || is_calendar_word(text_.substr(at, 3));
  }

  // "blk_<*> blk_<*>" is a list, and lists differ in length.
  void drop_repeat() {
    const std::string_view done(out_.data() + start_, out_.size() - start_);
    const std::size_t space = done.rfind(' ');
    if (space == std::string_view::npos) return;
    const std::string_view last = done.substr(space + 1), before = done.substr(0, space);
    if (last.size() > kWildcard.size() && before.ends_with(last) &&
        last.find(kWildcard) != std::string_view::npos &&
        (before.size() == last.size() || before[before.size() - last.size() - 1] == ' ')) {
      out_.resize(out_.size() - last.size() - 1);
    }
  }

  // The status of an access log tells failures from successes: it stays.
  bool after_request_line(std::string_view word) const {
    if (word.size() != 3 || out_.size() < start_ + 10 || out_.back() != '"') return false;
    return out_.find("HTTP/", out_.size() - 10) != std::string::npos;
  }

  static bool is_variable(std::string_view word, const Shape& shape) {
    if (shape.digits == 0) {
      if (shape.letters == 0) return shape.stars >= 2 && shape.stars == word.size();
      if (shape.slashes == 0 && shape.ats == 0 && shape.dots == 0)
        return shape.hex >= 8 && shape.hex == word.size();
    } else if (shape.letters == 0 && word.size() > 3) {
      return true;
    } else if (shape.hex == shape.letters + shape.digits &&
               (shape.colons >= 2 || word.size() >= 16)) {
      return true;  // a UUID, a MAC or IPv6 address
    }
    if (shape.slashes > 0) {
      const char first = word.front();
      if (first == '/' || first == '~') return word.size() > 1 && word[1] != '*';
      if (shape.slashes >= 3 || word.find("://") != std::string_view::npos) return true;
      if (first == '.' && shape.slashes >= 1) return true;
      if (word.size() > 3 && word[1] == ':' && word[2] == '\\') return true;
    }
    if (shape.ats == 1 && shape.dots > 0 && shape.slashes == 0 && is_alnum(word.front()))
      return true;
    if (shape.dots > 0 && shape.slashes == 0) {
      const std::string_view host = word.substr(0, word.find(':'));
      const std::size_t dot = host.rfind('.');
      if (dot != std::string_view::npos && is_domain_end(host.substr(dot + 1))) return true;
      const bool port = shape.colons == 1 && host.size() + 1 < word.size() &&
                        (class_of(word[host.size() + 1]) & kDigit) != 0;
      if (port && !is_source_file(host)) return true;
    }
    return false;
  }

  // A word with digits: each part of it between '-', '_', '.', ':', '/' … on its own.
  void pieces(std::string_view word) {
    std::size_t at = 0;
    bool after_id = false;
    while (at < word.size()) {
      const std::size_t begin = at;
      std::uint8_t seen = 0;
      std::size_t hex = 0, turns = 0;
      bool digit_before = false;
      while (at < word.size() && is_alnum(word[at])) {
        const std::uint8_t kind = class_of(word[at]);
        const bool digit = (kind & kDigit) != 0;
        if (at > begin && digit != digit_before) ++turns;
        digit_before = digit;
        seen |= kind;
        hex += (kind & kHex) != 0;
        ++at;
      }
      const std::string_view piece = word.substr(begin, at - begin);
      if (!piece.empty()) after_id = one_piece(piece, seen, hex, turns, after_id);
      if (at < word.size()) {
        const bool sign = word[at] == '-' && at + 1 < word.size() &&
                          (class_of(word[at + 1]) & kDigit) != 0 &&
                          (at == 0 || !is_alnum(word[at - 1]));
        if (!sign) keep(word.substr(at, 1));
        ++at;
      }
    }
  }

  bool one_piece(std::string_view piece, std::uint8_t seen, std::size_t hex, std::size_t turns,
                 bool after_id) {
    if ((seen & kDigit) == 0) {
      // "shop-7d9f8b6c5-bcdfg": random letters have no vowels
      if (after_id && piece.size() >= 4 && (seen & kVowel) == 0) {
        wild();
        return true;
      }
      keep(piece);
      return false;
    }
    const bool leading_letter = (class_of(piece.front()) & kLetter) != 0;
    const bool id = turns >= 2 || (hex == piece.size() && piece.size() >= 6 && leading_letter);
    if (!leading_letter || id) {
      wild();
      return id || piece.size() > 4;
    }
    std::size_t prefix = 0;
    while ((class_of(piece[prefix]) & kDigit) == 0) ++prefix;
    keep(piece.substr(0, prefix));
    out_ += kWildcard;
    return false;
  }

  std::string_view text_;
  std::string& out_;
  std::size_t start_;
  std::size_t at_ = 0;
  bool space_ = false;
};

}  // namespace

void mask_line(std::string_view message, std::string& out) {
  message = message.substr(0, kMaskBytesMax);
  Masker(message.substr(0, message.find('\n')), out).run();
}

}  // namespace healer
