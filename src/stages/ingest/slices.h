#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stages/ingest/payload.h"

namespace healer {

// Cuts a whole body into payloads of about `bytes_max` (one line or element may be longer), so that
// only the records of one are in memory at once. Give them to ingest() in order, with one state.
class PayloadSlices {
 public:
  PayloadSlices(RawPayload whole, std::size_t bytes_max);

  std::optional<RawPayload> next();  // nullopt after the last

 private:
  RawPayload with(std::string bytes, PayloadFormat format) const;
  RawPayload next_lines();
  RawPayload next_elements();

  RawPayload whole_;  // without what `rest_` points into
  std::string bytes_;
  std::string_view rest_;
  std::size_t bytes_max_;
  bool is_list_ = false, over_ = false;
};

}  // namespace healer
