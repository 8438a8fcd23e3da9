#pragma once
#include <string>
#include <string_view>

namespace healer {

// What tells two traces with the same head line apart: "TYPE at FRAME", the exception's type and
// the innermost frame of the program's own code (not of its runtime or libraries), numbers masked.
// Empty if the message is no trace. Reads Java, Python, Go, Node, Ruby, .NET and PHP traces.
std::string trace_key(std::string_view message);

}  // namespace healer
