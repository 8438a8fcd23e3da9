#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace healer {
namespace {

std::atomic<bool> json_form{false};

constexpr const char* kPlain = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJson = "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\"%v}";

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_logger_mt("healer");
    made->set_pattern(kPlain, spdlog::pattern_time_type::utc);
    return made;
  }();
  return *instance;
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err};
  const auto target = kLevels[static_cast<int>(level)];
  if (!logger().should_log(target)) return;
  std::string line;
  if (json_form) {
    line = ",\"event\":";
    append_quoted(line, event);
    for (const auto& field : fields) {
      line += ',';
      append_quoted(line, field.name);
      line += ':';
      append_quoted(line, field.value);
    }
  } else {
    line = event;
    for (const auto& field : fields) {
      line += ' ';
      line += field.name;
      line += '=';
      if (field.value.find_first_of(" \"\n\t=") == std::string::npos && !field.value.empty())
        line += field.value;
      else
        append_quoted(line, field.value);
    }
  }
  logger().log(target, line);
}

void log_setup(LogLevel threshold, bool json) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err};
  logger().set_level(kLevels[static_cast<int>(threshold)]);
  json_form = json;
  logger().set_pattern(json ? kJson : kPlain, spdlog::pattern_time_type::utc);
}

}  // namespace healer
