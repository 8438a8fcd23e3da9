#pragma once
#include <cstddef>
#include <iosfwd>

#include "base/error.h"

namespace healer {

enum class MineInput { raw, content_only };  // raw: lines with their headers

struct MineSummary {
  std::size_t lines = 0;
  std::size_t templates = 0;
};

// Every line of `in` as one row `line_id,template_id,template` of `out` (RFC 4180, line_id from 1,
// wildcard "<*>"), with the final template of its cluster. The caller takes the time. Holds 8 bytes
// a line and the templates.
Result<MineSummary> mine_file(std::istream& in, std::ostream& out, MineInput input);

}  // namespace healer
