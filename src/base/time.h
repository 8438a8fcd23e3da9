#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace healer {

using Millis = std::chrono::milliseconds;

// Milliseconds since 1970-01-01 UTC. 0 means "not known".
using UnixMs = std::int64_t;

// "2026-03-01T12:00:00.123Z"; the empty string for 0.
std::string format_utc(UnixMs time);

// RFC 3339 only (other log formats: stages/ingest). nullopt if it is not one.
std::optional<UnixMs> parse_rfc3339(std::string_view text);

// "250ms", "30s", "5m", "2h", "30d" and sums such as "1h30m". nullopt if it is not one, is
// negative or longer than 100 years.
std::optional<Millis> parse_duration(std::string_view text);
std::string format_duration(Millis value);  // the shortest form that parse_duration reads back

// Days since 1970 of a proleptic Gregorian date; month 1-12, day 1-31.
std::int64_t days_from_civil(int year, int month, int day);

}  // namespace healer
