#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "ports/notify/notify.h"

namespace healer {

Result<std::string> ConsoleNotifier::send(const Notification& n) {
  static std::mutex one_line_at_a_time;
  std::string line = fmt::format("[{}] {}: {} ({})", to_string(n.severity),
                                 n.service.empty() ? "unknown service" : n.service, n.title.str(),
                                 to_string(n.status));
  if (!n.url.empty()) line += " " + n.url.str();
  std::ranges::replace_if(line, [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; }, ' ');
  std::lock_guard lock(one_line_at_a_time);
  out_ << line << '\n' << std::flush;
  if (!out_) return fail(Errc::io, "notify: the console cannot be written");
  return n.incident_id;
}

}  // namespace healer
