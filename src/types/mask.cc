#include "types/mask.h"

#include <array>

#include "types/secret_span.h"

namespace healer {
namespace {

constexpr std::string_view kGone = "[secret]";

// What a secret can begin to be recognised at: most bytes are passed over by one look.
enum class Look : std::uint8_t { pass, word, dash, colon, dollar, escape };
constexpr std::array<Look, 256> kLooks = [] {
  std::array<Look, 256> out{};
  for (std::size_t c = 0; c < out.size(); ++c)
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
      out[c] = Look::word;
  out['-'] = Look::dash;
  out[':'] = Look::colon;
  out['$'] = Look::dollar;
  out['\\'] = Look::escape;
  return out;
}();

Look look_of(char c) { return kLooks[static_cast<unsigned char>(c)]; }

// The next secret from `at` on, which then stands behind what was looked at.
Span next_secret(std::string_view text, std::size_t& at) {
  while (at < text.size()) {
    Span span;
    std::size_t next = at + 1;
    switch (look_of(text[at])) {
      case Look::pass: break;
      case Look::word:
        while (next < text.size() && is_word_byte(text[next])) ++next;
        span = known_token(text, at);
        if (span.length == 0) span = secret_after_word(text, at, next);
        break;
      case Look::dash:
        span = private_key(text, at);
        if (span.length == 0) span = secret_after_option(text, at);
        break;
      case Look::colon:
        span = url_secret(text, at);
        if (span.length == 0) span = dsn_secret(text, at);
        break;
      case Look::dollar: span = password_hash(text, at); break;
      case Look::escape:  // the letter of \n is not the first of the word behind it
        if (next < text.size() && std::string_view("nrt").contains(text[next])) ++next;
        break;
    }
    at = next;
    if (span.length > 0) return span;
  }
  return {};
}

}  // namespace

MaskedText mask(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Span span = next_secret(text, at);
    if (span.length == 0) break;
    out.append(text, copied, span.at - copied);
    out += kGone;
    at = copied = span.at + span.length;
  }
  out.append(text, copied, text.size() - copied);
  return MaskedText(std::move(out));
}

MaskedText operator+(const MaskedText& a, const MaskedText& b) {
  return MaskedText(a.text_ + b.text_);
}

bool has_secret(std::string_view text) {
  std::size_t at = 0;
  return next_secret(text, at).length > 0;
}

}  // namespace healer
