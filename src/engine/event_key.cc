#include "engine/event_key.h"

#include <fmt/core.h>

#include <charconv>

namespace healer {

std::string format_event_key(const EventKey& key) {
  return fmt::format("{}/{:020}", key.workflow_id, key.number);
}

std::optional<EventKey> parse_event_key(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  EventKey key{std::string(text.substr(0, slash)), 0};
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data() + slash + 1, end, key.number);
  if (code != std::errc() || stop != end) return std::nullopt;
  return key;
}

}  // namespace healer
