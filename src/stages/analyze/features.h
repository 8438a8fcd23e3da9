#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace healer {

inline constexpr std::uint32_t kFeatureBuckets = 1u << 18;

// What a log is made of, for a linear model: hashed words, pairs of words, words of the first line,
// and character n-grams of two to four bytes. Lower case, camel case split, digits folded; each
// once. Source: hashing trick, Weinberger et al. 2009.
struct Features {
  std::vector<std::uint32_t> words, grams;  // buckets; both in the order of the text
};

// Reuses the vectors of `out`. Linear in the text, without a limit of its own.
void features_of(std::string_view text, Features& out);

}  // namespace healer
