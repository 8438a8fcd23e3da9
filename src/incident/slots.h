#pragma once
#include <algorithm>
#include <memory>
#include <semaphore>

namespace healer {

// How many may do something at once. Thread-safe.
class Slots {
 public:
  explicit Slots(int count) : free_(std::max(1, count)) {}

  struct GiveBack {
    void operator()(std::counting_semaphore<>* slots) const { slots->release(); }
  };
  using Taken = std::unique_ptr<std::counting_semaphore<>, GiveBack>;  // given back with it
  Taken try_take() { return Taken(free_.try_acquire() ? &free_ : nullptr); }

 private:
  std::counting_semaphore<> free_;
};

}  // namespace healer
