#include <array>
#include <charconv>

#include "stages/ingest/chars.h"
#include "stages/ingest/level.h"
#include "stages/ingest/structured.h"
#include "stages/ingest/timestamp.h"

namespace healer {
namespace {

constexpr std::size_t kAttributesMax = 32;

enum class Role {
  message,
  log,
  level,
  time,
  component,
  service,
  source,
  host,
  version,
  error,
  stack
};

struct Key {
  std::string_view name;  // lower case, without '@', '-' and '_'
  Role role;
};

constexpr std::array kKeys{
    Key{"message", Role::message},
    Key{"msg", Role::message},
    Key{"log", Role::log},
    Key{"text", Role::message},
    Key{"body", Role::message},
    Key{"event", Role::message},
    Key{"textpayload", Role::message},
    Key{"jsonpayload.message", Role::message},
    Key{"shortmessage", Role::message},
    Key{"fields.message", Role::message},
    Key{"level", Role::level},
    Key{"severity", Role::level},
    Key{"lvl", Role::level},
    Key{"loglevel", Role::level},
    Key{"log.level", Role::level},
    Key{"levelname", Role::level},
    Key{"severitytext", Role::level},
    Key{"priority", Role::level},
    Key{"s", Role::level},
    Key{"time", Role::time},
    Key{"ts", Role::time},
    Key{"timestamp", Role::time},
    Key{"t", Role::time},
    Key{"t.$date", Role::time},
    Key{"date", Role::time},
    Key{"datetime", Role::time},
    Key{"asctime", Role::time},
    Key{"timeunixnano", Role::time},
    Key{"realtimetimestamp", Role::time},
    Key{"timemillis", Role::time},
    Key{"eventtime", Role::time},
    Key{"logger", Role::component},
    Key{"loggername", Role::component},
    Key{"log.logger", Role::component},
    Key{"name", Role::component},
    Key{"component", Role::component},
    Key{"module", Role::component},
    Key{"target", Role::component},
    Key{"caller", Role::component},
    Key{"sourcecontext", Role::component},
    Key{"syslogidentifier", Role::component},
    Key{"unit", Role::component},
    Key{"service", Role::service},
    Key{"service.name", Role::service},
    Key{"servicename", Role::service},
    Key{"app", Role::service},
    Key{"application", Role::service},
    Key{"source", Role::source},
    Key{"file", Role::source},
    Key{"filename", Role::source},
    Key{"log.file.path", Role::source},
    Key{"host", Role::host},
    Key{"hostname", Role::host},
    Key{"host.name", Role::host},
    Key{"instance", Role::host},
    Key{"pod", Role::host},
    Key{"kubernetes.podname", Role::host},
    Key{"service.version", Role::version},
    Key{"version", Role::version},
    Key{"appversion", Role::version},
    Key{"release", Role::version},
    Key{"commit", Role::version},
    Key{"gitsha", Role::version},
    Key{"image", Role::version},
    Key{"error", Role::error},
    Key{"err", Role::error},
    Key{"error.message", Role::error},
    Key{"err.message", Role::error},
    Key{"exception", Role::error},
    Key{"exception.message", Role::error},
    Key{"fields.error", Role::error},
    Key{"stack", Role::stack},
    Key{"stacktrace", Role::stack},
    Key{"error.stack", Role::stack},
    Key{"err.stack", Role::stack},
    Key{"error.stacktrace", Role::stack},
    Key{"exception.stacktrace", Role::stack},
    Key{"excinfo", Role::stack},
    Key{"backtrace", Role::stack},
    Key{"traceback", Role::stack},
};

const Key* find_key(std::string_view key) {
  std::array<char, 24> lower{};
  std::size_t size = 0;
  for (char c : key) {
    if (c == '@' || c == '_' || c == '-') continue;
    if (size == lower.size()) return nullptr;
    lower[size++] = is_upper(c) ? static_cast<char>(c | 0x20) : c;
  }
  const std::string_view name(lower.data(), size);
  for (const Key& known : kKeys)
    if (known.name == name) return &known;
  return nullptr;
}

UnixMs read_time(std::string_view value, UnixMs now) {
  const std::size_t dot = value.find('.');
  if (all_digits(value.substr(0, dot))) {
    const UnixMs time = unix_time_of_digits(value.substr(0, dot));
    if (time != 0 && dot != std::string_view::npos && dot == 10) {
      int ms = 0, scale = 100;
      for (char c : value.substr(dot + 1, 3)) {
        if (!is_digit(c)) break;
        ms += (c - '0') * scale;
        scale /= 10;
      }
      return time + ms;
    }
    if (time != 0) return time;
  }
  return read_timestamp(value, now).time;
}

Level read_level(std::string_view value) {
  if (value.size() == 1 && is_upper(value[0]))
    return level_of_letter(value[0]).value_or(Level::unknown);
  if (!value.empty() && is_digit(value[0])) {
    long long number = -1;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return level_of_number(number);
  }
  return level_of_word(value).value_or(Level::unknown);
}

}  // namespace

void Fields::clear() {
  message = service = source = host = component = version = error = stack = log = {};
  level = Level::unknown;
  time = 0;
  rest.clear();
}

void Fields::put(std::string_view key, std::string_view value, UnixMs now) {
  const Key* known = find_key(key);
  const auto first = [&](std::string_view& slot) {
    if (slot.empty()) slot = value;
    return slot.data() == value.data();
  };
  bool used = false;
  if (known != nullptr) {
    switch (known->role) {
      case Role::message: used = first(message); break;
      case Role::log: used = first(log); break;
      case Role::component: used = first(component); break;
      case Role::service: used = first(service); break;
      case Role::source: used = first(source); break;
      case Role::host: used = first(host); break;
      case Role::version: used = first(version); break;
      case Role::stack: used = first(stack); break;
      case Role::error:
        used = value.find("\n") != std::string_view::npos ? first(stack) : first(error);
        break;
      case Role::level:
        if (level == Level::unknown) used = (level = read_level(value)) != Level::unknown;
        break;
      case Role::time:
        if (time == 0) used = (time = read_time(value, now)) != 0;
        break;
    }
  }
  if (!used && rest.size() < kAttributesMax) rest.push_back({key, value});
}

}  // namespace healer
