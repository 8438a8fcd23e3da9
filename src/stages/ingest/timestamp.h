#pragma once
#include <string_view>

#include "base/time.h"

namespace healer {

struct Stamp {
  std::size_t length = 0;  // 0: no timestamp here
  UnixMs time = 0;         // without a zone it is taken as UTC; 0 for a time of day or a bare date
  bool has_date = false;
  bool has_time = false;
  bool named_month = false;  // "Jun 14 15:16:01": a syslog host and tag follow
};

// The timestamp at the very start of `text`, in any usual shape; a zone behind it is included.
// A year that is not written is the latest one that is not after `now` (one day of slack).
Stamp read_timestamp(std::string_view text, UnixMs now);

// 10, 13, 16 or 19 digits since 1970 as milliseconds; 0 if out of range.
UnixMs unix_time_of_digits(std::string_view digits);

}  // namespace healer
