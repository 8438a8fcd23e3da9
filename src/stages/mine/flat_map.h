#pragma once
#include <cstdint>
#include <vector>

namespace healer {

// Open addressing from a 64-bit hash (taken as unique) to a 32-bit value. Value UINT32_MAX: absent.
class FlatMap {
 public:
  static constexpr std::uint32_t kAbsent = UINT32_MAX;

  FlatMap() : slots_(64) {}

  std::uint32_t find(std::uint64_t key) const {
    for (std::size_t i = key & mask();; i = (i + 1) & mask()) {
      if (slots_[i].value == kAbsent) return kAbsent;
      if (slots_[i].key == key) return slots_[i].value;
    }
  }
  void put(std::uint64_t key, std::uint32_t value) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    if (place(slots_, key, value)) ++size_;
  }
  std::size_t size() const { return size_; }
  void clear() {  // keeps its room
    if (size_ == 0) return;
    slots_.assign(slots_.size(), {});
    size_ = 0;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t value = kAbsent;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  static bool place(std::vector<Slot>& slots, std::uint64_t key, std::uint32_t value) {
    const std::size_t mask = slots.size() - 1;
    for (std::size_t i = key & mask;; i = (i + 1) & mask) {
      if (slots[i].value == kAbsent) {
        slots[i] = {key, value};
        return true;
      }
      if (slots[i].key == key) {
        slots[i].value = value;
        return false;
      }
    }
  }
  void grow() {
    std::vector<Slot> bigger(slots_.size() * 2);
    for (const auto& slot : slots_)
      if (slot.value != kAbsent) place(bigger, slot.key, slot.value);
    slots_.swap(bigger);
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace healer
