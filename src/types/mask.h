#pragma once
#include <string>
#include <string_view>

namespace healer {

// Text whose secrets are gone. Only mask() makes one that is not empty, so a port that takes
// MaskedText cannot be handed raw text.
class MaskedText {
 public:
  MaskedText() = default;
  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend MaskedText mask(std::string_view text);
  friend MaskedText operator+(const MaskedText& a, const MaskedText& b);

 private:
  explicit MaskedText(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Replaces secrets one-way by "[secret]": values of keys that name one (key=value, JSON, YAML, XML,
// environment, command lines, SQL), credentials in headers, cookies, URLs and connection strings,
// private key blocks, JWTs, password hashes, tokens of known shape. What only says how a secret is
// ("token: expired"), and placeholders, stay. Pure; O(bytes). Cases: tests/cases/mask.
MaskedText mask(std::string_view text);
MaskedText operator+(const MaskedText& a, const MaskedText& b);

// True where mask() would change the text: the diff guard's secret scan.
bool has_secret(std::string_view text);

}  // namespace healer
