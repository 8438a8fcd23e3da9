#pragma once
#include <istream>
#include <string>
#include <vector>

#include "stages/analyze/knowledge.h"
#include "types/finding.h"

namespace healer {

// The failures that a log shows, the worst first, the records of one failure together.
struct LogFindings {
  std::size_t lines = 0, templates = 0;
  std::vector<Finding> findings;  // medium and worse; nothing milder than the worst deserves
};

// Reads all of it, in pieces; `name` is the source that evidence names. io where it cannot be read.
Result<LogFindings> findings_of_log(const Knowledge& knowledge, std::istream& in,
                                    const std::string& name, UnixMs now);

}  // namespace healer
