#pragma once
#include <cstdint>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace healer {

// Where ids and jitter come from, passed in so that tests repeat. Thread-safe.
class Ids {
 public:
  virtual ~Ids() = default;
  virtual std::string uuid7() = 0;  // time-ordered, RFC 9562, lower case; never twice
  virtual std::uint64_t random_u64() = 0;
};

class SystemIds final : public Ids {
 public:
  explicit SystemIds(const Clock& clock) : clock_(clock) {}
  std::string uuid7() override;
  std::uint64_t random_u64() override;

 private:
  const Clock& clock_;
  std::mutex mutex_;
  UnixMs last_ms_ = 0;
  std::uint32_t sequence_ = 0;
};

// 00000000-0000-7000-8000-000000000001, …2, …; random_u64 is a seeded splitmix64.
class FakeIds final : public Ids {
 public:
  explicit FakeIds(std::uint64_t seed = 1) : state_(seed) {}
  std::string uuid7() override;
  std::uint64_t random_u64() override;

 private:
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::uint64_t state_;
};

}  // namespace healer
