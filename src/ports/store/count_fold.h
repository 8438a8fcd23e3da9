#pragma once
#include <compare>
#include <map>
#include <string>

#include "base/error.h"
#include "ports/store/signals.h"

namespace healer {

struct CountKey {
  std::uint64_t fingerprint = 0;
  UnixMs bucket = 0;  // begin of the bucket
  std::string instance, version;
  auto operator<=>(const CountKey&) const = default;
};

// Counts not yet in the table of counts: of one group of batches, or of several.
class CountFold {
 public:
  explicit CountFold(Millis bucket) : bucket_ms_(bucket.count()) {}
  void add(const CountDelta& delta);
  void add(const CountKey& key, std::int64_t n);  // stops at the ends of int64
  UnixMs bucket_of(UnixMs at) const { return at - (at % bucket_ms_ + bucket_ms_) % bucket_ms_; }

  // One row of count_delta. Format 1; corrupt where the bytes are not ours.
  std::string encode() const;
  Result<void> decode(std::string_view bytes);

  const std::map<CountKey, std::int64_t>& sums() const { return sums_; }
  bool empty() const { return sums_.empty(); }
  void clear() { sums_.clear(); }

 private:
  std::int64_t bucket_ms_;
  std::map<CountKey, std::int64_t> sums_;
};

// Both readers of counts, over any source of (key, n): called once per row with fingerprint, then
// in no order.
void merge_into(std::vector<CountSum>& sums, const CountKey& key, std::int64_t n);
void merge_into(std::map<std::uint64_t, FingerprintSum>& sums, const CountKey& key, std::int64_t n);

}  // namespace healer
