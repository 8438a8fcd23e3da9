#pragma once
#include <atomic>
#include <chrono>

#include "base/time.h"

namespace healer {

using Instant = std::chrono::steady_clock::time_point;

// Wall and steady time, passed in wherever time matters. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;     // never goes back
  virtual UnixMs wall_ms() const = 0;  // may jump
};

class SystemClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
  UnixMs wall_ms() const override {
    return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

// Stands still until told to advance. Starts at 2026-01-01T00:00:00Z.
class FakeClock final : public Clock {
 public:
  Instant now() const override { return Instant(Millis(wall_.load())); }
  UnixMs wall_ms() const override { return wall_.load(); }
  void advance(Millis by) { wall_ += by.count(); }

 private:
  std::atomic<UnixMs> wall_{1'767'225'600'000};
};

}  // namespace healer
