#pragma once
#include <string_view>
#include <vector>

#include "stages/ingest/structured.h"

namespace healer {

// The message of one line alone, without its header: what mining a file line by line needs.
class LineMessages {
 public:
  // Lives until the next call and as long as `line`.
  std::string_view of(std::string_view line, UnixMs now);

 private:
  JsonReader json_;
  Fields fields_;
  std::vector<std::string> scratch_;
};

}  // namespace healer
