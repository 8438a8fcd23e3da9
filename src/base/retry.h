#pragma once
#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace healer {

// Exponential backoff with full jitter; the only backoff in the program. Pure.
struct RetryPolicy {
  int attempts_max = 5;
  Millis first{200};
  Millis longest{30'000};

  // Delay before attempt `attempt` (1 = first retry). `random` is any 64-bit number; a
  // `retry_after` that an outside system named is a lower bound.
  Millis delay(int attempt, std::uint64_t random, Millis retry_after = Millis(0)) const {
    const int shift = std::clamp(attempt - 1, 0, 20);
    const std::int64_t cap = std::min<std::int64_t>(first.count() << shift, longest.count());
    const std::int64_t half = cap / 2;
    const auto jitter =
        static_cast<std::int64_t>(random % static_cast<std::uint64_t>(cap - half + 1));
    return std::max(Millis(half + jitter), retry_after);
  }
};

}  // namespace healer
