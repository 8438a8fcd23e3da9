#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace healer {

// xxHash64: fast, not for secrets. Stable across releases: stored fingerprints depend on it.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// 16 lower-case hex digits.
std::string hex16(std::uint64_t value);

}  // namespace healer
