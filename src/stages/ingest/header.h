#pragma once
#include <string_view>

#include "types/log_record.h"

namespace healer {

// What stands before the message of a line.
struct Header {
  std::size_t length = 0;  // where the message begins
  UnixMs time = 0;         // 0: none, or only a time of day
  Level level = Level::unknown;
  std::string_view host, component, pid, thread;
  std::string_view status, method, path;  // of an access log
  bool stamped = false;                   // a timestamp was there
  bool detail = false;  // a follow-up line of the event before (DETAIL, HINT, STATEMENT …)
};

// Finds the header of a line by its parts (timestamps, level, brackets, numbers, logger) in any
// usual order instead of by a list of formats. False if there is none. Pure; O(header).
bool read_header(std::string_view line, UnixMs now, Header& header);

// Level of a message that begins with one in words ("Fatal error: …", "panic: …"); else unknown.
Level leading_level(std::string_view message);

// "web-1  | rest" (a compose prefix) or "<time> stdout F rest" (a container runtime's): the length
// of the wrapper, 0 if none; `partial` if the runtime split the line and more of it follows.
struct Wrapper {
  std::size_t length = 0;
  UnixMs time = 0;
  std::string_view component;
  bool partial = false;
};
Wrapper read_wrapper(std::string_view line, UnixMs now);

}  // namespace healer
