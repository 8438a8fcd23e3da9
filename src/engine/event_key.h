#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace healer {

// Undelivered events are values of this space; keys sort by workflow, then by number.
inline constexpr std::string_view kEventSpace = "engine.event";

struct EventKey {
  std::string workflow_id;
  std::uint64_t number = 0;
};
std::string format_event_key(const EventKey& key);
std::optional<EventKey> parse_event_key(std::string_view text);

}  // namespace healer
