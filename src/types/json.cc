#include <limits>

#include "types/json_impl.h"

namespace healer {
namespace {

// Length of the valid UTF-8 sequence at `at`, 0 if there is none (RFC 3629: no overlongs, no
// surrogates).
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return 1;
  std::size_t length = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (lead > 0xf4 || length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  const unsigned char second = byte(at + 1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

}  // namespace

namespace json_detail {

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      ++at;
    } else {
      out.append(text, at, length);
      at += length;
    }
  }
  return out;
}

Result<void> mistyped(std::string_view where, std::string_view expected) {
  return fail(Errc::invalid_input,
              (where.empty() ? std::string("the JSON") : "\"" + std::string(where) + "\"") +
                  " must be " + std::string(expected));
}

Result<bj::value> parse_value(std::string_view text) {
  boost::system::error_code error;
  bj::value value = bj::parse(text, error);
  if (error) return fail(Errc::invalid_input, "not valid JSON: " + error.message());
  return value;
}

std::string print_value(const bj::value& value) { return bj::serialize(value); }

}  // namespace json_detail

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string json_quote(std::string_view text) {
  return boost::json::serialize(boost::json::value(json_detail::valid_utf8(text)));
}

}  // namespace healer
