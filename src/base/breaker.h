#pragma once
#include <mutex>

#include "base/retry.h"

namespace healer {

struct BreakerOptions {
  int failures_max = 5;  // in a row; then it rests
  Millis rest{60'000};   // at first; longer each time, ten times that at most
};

// Spares what keeps failing: after so many failures in a row nobody may call it for a while, then
// one call may try. Thread-safe; the options may change from call to call.
class Breaker {
 public:
  // False while it rests. After a rest the one who is let through is the trial: the others wait for
  // as long again, or until it passed().
  bool may_call(const BreakerOptions& options, UnixMs now) {
    std::lock_guard lock(mutex_);
    if (now < closed_until_) return false;
    if (failures_ >= options.failures_max) closed_until_ = now + options.rest.count();
    return true;
  }

  void passed() {
    std::lock_guard lock(mutex_);
    failures_ = rests_ = 0;
    closed_until_ = 0;
  }

  // True where this failure began a rest. `retry_after`: a time that the other side named; nobody
  // calls before it.
  bool failed(const BreakerOptions& options, UnixMs now, std::uint64_t random, Millis retry_after) {
    std::lock_guard lock(mutex_);
    closed_until_ = std::max(closed_until_, now + retry_after.count());
    if (++failures_ < options.failures_max) return false;
    const RetryPolicy rests{.first = options.rest, .longest = options.rest * 10};
    closed_until_ = std::max(closed_until_, now + rests.delay(++rests_, random).count());
    return true;
  }

 private:
  std::mutex mutex_;
  int failures_ = 0, rests_ = 0;
  UnixMs closed_until_ = 0;
};

}  // namespace healer
