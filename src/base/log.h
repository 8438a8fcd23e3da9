#pragma once
#include <initializer_list>
#include <string>
#include <string_view>

namespace healer {

enum class LogLevel { debug, info, warn, error };

struct LogField {
  std::string_view name;
  std::string value;
};

// healer's own log, on standard error: one event name (snake_case), then fields. Thread-safe.
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// Chooses the threshold and form; at any time; until then info, plain text.
void log_setup(LogLevel threshold, bool json);

}  // namespace healer
