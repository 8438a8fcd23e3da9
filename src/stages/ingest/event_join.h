#pragma once
#include <string_view>

#include "stages/ingest/header.h"

namespace healer {

enum class Trace { none, frames, python, python_end, go, node };

// What is known of the open event when its next line comes.
struct EventShape {
  bool open = false;
  bool headed = false;  // its first line had a header
  bool severe = false;  // at warning or above, or of no known level
  std::size_t lines = 0;
  Trace trace = Trace::none;
};

// The trace that a message may be the beginning of.
Trace trace_of_head(std::string_view message);

// Whether `line`, which has no header, goes on with the open event; moves its trace along.
// Explicit signs only (indentation, frames, "Caused by:"), so that a lone line is never swallowed.
bool continues(EventShape& event, std::string_view line);

// "java.lang.IllegalStateException: …", "ValueError: …", "Error: …".
bool is_exception_line(std::string_view line);

}  // namespace healer
