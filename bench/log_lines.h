#pragma once
#include <fmt/core.h>

#include <string>

#include "base/hash.h"

// Log lines of 1,000 templates in no order: words that are the template's own, values that are not.
namespace healer::bench {

inline constexpr std::size_t kTemplates = 1000;

inline std::string word(std::uint64_t seed) {
  static constexpr const char* kSyllables[] = {"lo", "ra", "ti",  "ne",  "sho", "pa", "ku",  "ver",
                                               "mo", "di", "sel", "ban", "cor", "fi", "gus", "tem"};
  std::string out;
  for (std::uint64_t h = hash64(std::to_string(seed)), i = 0; i < 2 + seed % 3; ++i, h >>= 4)
    out += kSyllables[h & 15];
  return out;
}

inline std::size_t template_of(std::uint64_t line) {
  return hash64(std::to_string(line), 7) % kTemplates;
}

// Message number `i`, of template `t`.
inline std::string message(std::size_t t, std::uint64_t i) {
  const std::uint64_t h = hash64(std::to_string(i));
  std::string out;
  for (std::size_t k = 0; k < 5 + t % 6; ++k) {
    out += word(t * 31 + k) + ' ';
    if (k == 1) out += fmt::format("{} ", h % 100'000);
    if (k == 2 && t % 3 == 0)
      out += fmt::format("10.{}.{}.{}:{} ", h % 256, h / 7 % 256, i % 256, h % 60'000);
    if (k == 3 && t % 4 == 0) out += hex16(h) + ' ';
    if (k == 4) out += fmt::format("took={}ms ", h % 9'000);
  }
  out.pop_back();
  return out;
}

inline std::string text_line(std::uint64_t i) {
  const std::size_t t = template_of(i);
  return fmt::format("2026-01-01 12:{:02}:{:02},{:03} {} [worker-{}] com.shop.{}.Service - {}\n",
                     i / 60'000 % 60, i / 1000 % 60, i % 1000, t % 10 == 0 ? "ERROR" : "INFO",
                     i % 16, word(t % 40), message(t, i));
}

inline std::string json_line(std::uint64_t i) {
  const std::size_t t = template_of(i);
  return fmt::format(
      R"({{"ts":"2026-01-01T12:00:00.{:03}Z","level":"{}","logger":"{}","msg":"{}","pid":{}}})"
      "\n",
      i % 1000, t % 10 == 0 ? "error" : "info", word(t % 40), message(t, i), i % 5000);
}

}  // namespace healer::bench
