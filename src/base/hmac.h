#pragma once
#include <string>
#include <string_view>

namespace healer {

// HMAC-SHA256 (RFC 2104) as 64 lower-case hex digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

// Compares in a time that depends on the lengths only: for signatures and tokens.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace healer
