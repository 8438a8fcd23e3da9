#include "base/ids.h"

#include <sys/random.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace healer {
namespace {

std::uint64_t kernel_random() {
  std::uint64_t value = 0;
  // getrandom of 8 bytes cannot be short once the pool is ready; a failure means no kernel support.
  if (getrandom(&value, sizeof value, 0) != sizeof value) std::abort();
  return value;
}

std::string format(std::uint64_t ms, std::uint32_t sequence, std::uint64_t random) {
  std::array<char, 40> out{};
  std::snprintf(out.data(), out.size(), "%08x-%04x-7%03x-%04x-%012llx",
                static_cast<unsigned>(ms >> 16), static_cast<unsigned>(ms & 0xffff),
                sequence & 0xfffU, static_cast<unsigned>(0x8000U | ((random >> 48) & 0x3fffU)),
                static_cast<unsigned long long>(random & 0xffffffffffffULL));
  return out.data();
}

}  // namespace

std::string SystemIds::uuid7() {
  std::lock_guard lock(mutex_);
  const UnixMs now = clock_.wall_ms();
  if (now > last_ms_) {
    last_ms_ = now;
    sequence_ = 0;
  } else if (++sequence_ > 0xfff) {
    ++last_ms_;  // borrow from the next millisecond so that order holds within a burst
    sequence_ = 0;
  }
  return format(static_cast<std::uint64_t>(last_ms_), sequence_, kernel_random());
}

std::uint64_t SystemIds::random_u64() { return kernel_random(); }

std::string FakeIds::uuid7() {
  std::lock_guard lock(mutex_);
  return format(0, 0, ++next_);
}

std::uint64_t FakeIds::random_u64() {
  std::lock_guard lock(mutex_);
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace healer
