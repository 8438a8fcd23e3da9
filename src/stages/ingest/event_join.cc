#include "stages/ingest/event_join.h"

#include <algorithm>
#include <array>

#include "stages/ingest/chars.h"

namespace healer {
namespace {

bool starts_with_any(std::string_view line, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [&](std::string_view head) { return line.starts_with(head); });
}

// "/app/server.js:12" alone: how a runtime shows where an uncaught error was thrown.
bool is_source_place(std::string_view line) {
  if (!line.starts_with("/") && !line.starts_with("file://") && !line.starts_with("node:"))
    return false;
  const std::size_t colon = line.rfind(':');
  return line.find(' ') == std::string_view::npos && colon != std::string_view::npos &&
         all_digits(line.substr(colon + 1));
}

bool is_frame(std::string_view line) {
  if (line.starts_with("at "))
    return line.find('(') != std::string_view::npos || line.find(':') != std::string_view::npos;
  if (line.starts_with("from ")) return line.find(":in ") != std::string_view::npos;
  return line.size() > 2 && line[0] == '#' && is_digit(line[1]) &&
         line.find(' ') < 5;  // "#0 /app/x.php(3): f()"
}

bool continues_go(std::string_view line) {
  return line.ends_with(")") || starts_with_any(line, {"goroutine ", "created by ", "[signal ",
                                                       "exit status ", "panic: ", "runtime."});
}

bool continues_python(EventShape& event, std::string_view line) {
  if (event.trace == Trace::python_end) {
    const bool again = starts_with_any(
        line, {"During handling of", "The above exception was", "Traceback (most recent"});
    if (again) event.trace = Trace::python;
    return again;
  }
  if (starts_with_any(line, {"Traceback (most recent"})) return true;
  event.trace = Trace::python_end;  // the exception's own line
  return true;
}

}  // namespace

bool is_exception_line(std::string_view line) {
  std::size_t end = 0;
  while (end < line.size() &&
         (is_alpha(line[end]) || is_digit(line[end]) || line[end] == '.' || line[end] == '_' ||
          line[end] == '$' || (line[end] == ':' && end + 1 < line.size() && line[end + 1] == ':') ||
          (line[end] == ':' && end > 0 && line[end - 1] == ':')))
    ++end;
  const std::string_view word = line.substr(0, end);
  const bool closed = end == line.size() || line[end] == ':' || line[end] == ' ';
  return closed && (word.ends_with("Exception") || word.ends_with("Error") ||
                    word.ends_with("Throwable") || word.ends_with("Failure"));
}

Trace trace_of_head(std::string_view message) {
  if (message.find("Traceback (most recent call last)") != std::string_view::npos)
    return Trace::python;
  if (starts_with_any(message, {"panic: ", "fatal error: ", "goroutine "})) return Trace::go;
  if (is_source_place(message)) return Trace::node;
  return Trace::none;
}

bool continues(EventShape& event, std::string_view line) {
  if (!event.open) return false;
  if (trim(line).empty()) return event.trace != Trace::none && event.trace != Trace::frames;
  if (is_blank(line.front())) {
    if (event.trace == Trace::none && is_frame(trim(line))) event.trace = Trace::frames;
    return true;
  }
  switch (event.trace) {
    case Trace::python:
    case Trace::python_end: return continues_python(event, line);
    case Trace::go:
      if (continues_go(line)) return true;
      break;
    case Trace::node:
      if (line.starts_with("Node.js v")) event.trace = Trace::frames;  // its last line
      if (event.trace == Trace::frames || is_exception_line(line) ||
          starts_with_any(line, {"}", "throw "}))
        return true;
      break;
    case Trace::frames:
      if (line.starts_with("}")) return true;
      break;
    case Trace::none: break;
  }
  if (starts_with_any(line, {"Caused by: ", "Suppressed: ", "... ", "Stack trace:",
                             "During handling of", "The above exception was", "--- End of"}))
    return true;
  if (is_frame(line)) {
    event.trace = Trace::frames;
    return true;
  }
  if (!event.headed || !event.severe || event.lines > 1) return false;
  if (line.starts_with("Traceback (most recent")) {
    event.trace = Trace::python;
    return true;
  }
  if (is_exception_line(line)) {
    event.trace = Trace::frames;
    return true;
  }
  return false;
}

}  // namespace healer
