#include "base/time.h"

#include <array>
#include <cctype>
#include <cstdio>

namespace healer {
namespace {

struct Civil {
  int year, month, day;
};

// Howard Hinnant's civil-from-days algorithm (chrono-compatible low-level date algorithms).
Civil civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto doe = static_cast<unsigned>(days - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned day = doy - (153 * mp + 2) / 5 + 1;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  const auto year = static_cast<int>(yoe) + static_cast<int>(era * 400) + (month <= 2 ? 1 : 0);
  return {year, static_cast<int>(month), static_cast<int>(day)};
}

// Reads exactly `width` digits at `at`; -1 if they are not digits.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "Z", "+02:00", "+0200"; minutes east of UTC, nullopt if malformed.
std::optional<int> offset_minutes(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int hours = digits(text, 1, 2);
  const int minutes = digits(text, text[3] == ':' ? 4 : 3, 2);
  if (hours < 0 || minutes < 0 || text.size() != (text[3] == ':' ? 6U : 5U)) return std::nullopt;
  const int total = hours * 60 + minutes;
  return text[0] == '-' ? -total : total;
}

}  // namespace

std::int64_t days_from_civil(int year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto yoe = static_cast<unsigned>(year - era * 400);
  const auto mp = static_cast<unsigned>(month > 2 ? month - 3 : month + 9);
  const unsigned doy = (153 * mp + 2) / 5 + static_cast<unsigned>(day) - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

std::string format_utc(UnixMs time) {
  if (time == 0) return {};
  const std::int64_t day = (time >= 0 ? time : time - 86399999) / 86400000;
  const std::int64_t ms = time - day * 86400000;
  const Civil date = civil_from_days(day);
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", date.year,
                date.month, date.day, static_cast<int>(ms / 3600000),
                static_cast<int>(ms / 60000 % 60), static_cast<int>(ms / 1000 % 60),
                static_cast<int>(ms % 1000));
  return out.data();
}

std::optional<UnixMs> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  std::size_t at = 19;
  int ms = 0;
  if (text[at] == '.' || text[at] == ',') {
    int scale = 100;
    std::size_t digit_count = 0;
    for (++at; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])); ++at) {
      ms += (text[at] - '0') * scale;
      scale /= 10;
      ++digit_count;
    }
    if (digit_count == 0) return std::nullopt;
  }
  const auto offset = offset_minutes(text.substr(at));
  if (!offset) return std::nullopt;
  const std::int64_t seconds =
      days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - *offset * 60;
  return seconds * 1000 + ms;
}

std::optional<Millis> parse_duration(std::string_view text) {
  constexpr std::int64_t kMost = 36'500LL * 86'400'000;  // 100 years: sums never overflow
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t number = 0;
    std::size_t start = at;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])); ++at) {
      number = number * 10 + (text[at] - '0');
      if (number > 1'000'000'000'000) return std::nullopt;
    }
    if (at == start) return std::nullopt;
    std::size_t unit_start = at;
    while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at]))) ++at;
    const std::string_view unit = text.substr(unit_start, at - unit_start);
    std::int64_t scale = 0;
    if (unit == "ms") scale = 1;
    if (unit == "s") scale = 1000;
    if (unit == "m") scale = 60'000;
    if (unit == "h") scale = 3'600'000;
    if (unit == "d") scale = 86'400'000;
    if (scale == 0) return std::nullopt;
    if (number > kMost / scale) return std::nullopt;
    total += number * scale;
    if (total > kMost) return std::nullopt;
  }
  return Millis(total);
}

std::string format_duration(Millis value) {
  std::int64_t rest = value.count();
  if (rest == 0) return "0s";
  std::string out;
  const std::array<std::pair<const char*, std::int64_t>, 5> units{
      {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
  for (const auto& [name, scale] : units) {
    if (rest / scale > 0) out += std::to_string(rest / scale) + name;
    rest %= scale;
  }
  return out;
}

}  // namespace healer
