#include "stages/ingest/timestamp.h"

#include <array>

#include "stages/ingest/chars.h"

namespace healer {
namespace {

struct Date {
  int year = 0, month = 0, day = 0;  // year 0: not written
};

// A position in the text; every reader moves it only if it succeeds.
struct Reader {
  std::string_view text;
  std::size_t at = 0;

  char peek(std::size_t ahead = 0) const {
    return at + ahead < text.size() ? text[at + ahead] : '\0';
  }
  std::size_t digit_run() const {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    return end - at;
  }
  int number(std::size_t width) {
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value * 10 + (text[at + i] - '0');
    at += width;
    return value;
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at;
    return true;
  }
};

int month_of(std::string_view text) {
  if (text.size() < 3) return 0;
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  const std::array<char, 3> key{static_cast<char>(text[0] | 0x20),
                                static_cast<char>(text[1] | 0x20),
                                static_cast<char>(text[2] | 0x20)};
  for (std::size_t i = 0; i < kMonths.size(); i += 3)
    if (kMonths[i] == key[0] && kMonths[i + 1] == key[1] && kMonths[i + 2] == key[2])
      return static_cast<int>(i / 3) + 1;
  return 0;
}

bool valid(const Date& date) {
  return date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31;
}

// "15:04", "15:04:05", "15:04:05.123456", "15.04.05.123", "15:04:05:123", "3:04:05 PM".
// Milliseconds since midnight, -1 if it is none.
std::int64_t read_clock(Reader& in, bool loose = false) {
  Reader probe = in;
  const std::size_t width = probe.digit_run();
  if (width == 0 || width > 2) return -1;
  int hour = probe.number(width);
  const char separator = probe.peek();
  if ((separator != ':' && separator != '.') || hour > 24) return -1;
  ++probe.at;
  const auto two = [&] {
    const std::size_t run = probe.digit_run();
    return run == 2 || (loose && run == 1) ? probe.number(run) : 99;
  };
  const int minute = two();
  int second = 0;
  if (!probe.take(separator)) {
    if (separator == '.' || width != 2) return -1;
  } else {
    second = two();
  }
  if (minute > 59 || second > 60) return -1;
  int ms = 0;
  const char mark = probe.peek();
  if ((mark == '.' || mark == ',' || mark == ':') && is_digit(probe.peek(1))) {
    ++probe.at;
    int scale = 100;
    for (; is_digit(probe.peek()); ++probe.at, scale /= 10) ms += (probe.peek() - '0') * scale;
  }
  const char half = static_cast<char>(probe.peek(1) | 0x20);
  if (probe.peek() == ' ' && (half == 'a' || half == 'p') && (probe.peek(2) | 0x20) == 'm' &&
      !is_alpha(probe.peek(3))) {
    hour = hour % 12 + (half == 'p' ? 12 : 0);
    probe.at += 3;
  }
  in = probe;
  return ((hour * 60 + minute) * 60LL + second) * 1000 + ms;
}

// What follows a time: "Z", "+02:00", "+0200", "+02", " +0000", " UTC". Minutes east of UTC.
int read_zone(Reader& in) {
  Reader probe = in;
  if (probe.peek() == 'Z' && !is_alpha(probe.peek(1))) {
    ++in.at;
    return 0;
  }
  probe.take(' ');
  const char sign = probe.peek();
  if ((sign == '+' || sign == '-') && is_digit(probe.peek(1)) && is_digit(probe.peek(2))) {
    ++probe.at;
    const std::size_t run = probe.digit_run();
    if (run != 2 && run != 4) return 0;
    int minutes = probe.number(2) * 60;
    if (run == 4)
      minutes += probe.number(2);
    else if (probe.peek() == ':' && is_digit(probe.peek(1)) && is_digit(probe.peek(2))) {
      ++probe.at;
      minutes += probe.number(2);
    }
    if (is_digit(probe.peek()) || minutes > 14 * 60) return 0;
    in = probe;
    return sign == '-' ? -minutes : minutes;
  }
  struct Zone {
    std::string_view name;
    int minutes;
  };
  constexpr std::array kZones{
      Zone{"UTC", 0},    Zone{"GMT", 0},    Zone{"CEST", 120}, Zone{"CET", 60},   Zone{"EST", -300},
      Zone{"EDT", -240}, Zone{"CST", -360}, Zone{"CDT", -300}, Zone{"MST", -420}, Zone{"MDT", -360},
      Zone{"PST", -480}, Zone{"PDT", -420}, Zone{"BST", 60},   Zone{"EEST", 180}, Zone{"EET", 120},
      Zone{"MSK", 180},  Zone{"IST", 330},  Zone{"JST", 540},  Zone{"AEST", 600}, Zone{"Z", 0}};
  if (sign < 'A' || sign > 'Z') return 0;
  for (const auto& zone : kZones)
    if (probe.text.substr(probe.at, zone.name.size()) == zone.name &&
        !is_alpha(probe.peek(zone.name.size())) && !is_digit(probe.peek(zone.name.size()))) {
      in.at = probe.at + zone.name.size();
      return zone.minutes;
    }
  return 0;
}

// "2026-01-31", "2026/01/31", "2005.06.03".
bool read_year_first(Reader& in, Date& date) {
  Reader probe = in;
  date.year = probe.number(4);
  const char separator = probe.peek();
  if (separator != '-' && separator != '/' && separator != '.') return false;
  ++probe.at;
  std::size_t run = probe.digit_run();
  if (run == 0 || run > 2) return false;
  date.month = probe.number(run);
  if (!probe.take(separator)) return false;
  run = probe.digit_run();
  if (run == 0 || run > 2) return false;
  date.day = probe.number(run);
  if (!valid(date) || date.year < 1970 || date.year > 2200) return false;
  in = probe;
  return true;
}

// "17/06/09" (year first if it can be), "06/09/2026", "09.06.2026", "10.30" and "03-17" (no year),
// "02/Jan/2026", "02-Jan-2026", "02 Jan 2026".
bool read_two_digits_first(Reader& in, Date& date) {
  Reader probe = in;
  const int first = probe.number(probe.digit_run());
  const char separator = probe.peek();
  if (separator != '/' && separator != '-' && separator != '.' && separator != ' ') return false;
  ++probe.at;
  if (is_alpha(probe.peek())) {
    date.day = first;
    date.month = month_of(probe.text.substr(probe.at));
    while (is_alpha(probe.peek())) ++probe.at;
    if (date.month == 0 || !(probe.take(separator) || probe.take(' '))) return false;
    if (probe.digit_run() == 4) date.year = probe.number(4);
  } else {
    std::size_t run = probe.digit_run();
    if (separator == ' ' || run == 0 || run > 2) return false;
    const int second = probe.number(run);
    date.month = first;
    date.day = second;
    if (probe.peek() == separator && is_digit(probe.peek(1))) {
      ++probe.at;
      run = probe.digit_run();
      if (run == 4) {
        date.year = probe.number(4);
        if (separator == '.' || first > 12) std::swap(date.month, date.day);
      } else if (run == 2) {
        date = {2000 + first, second, probe.number(2)};
      } else {
        return false;
      }
    }
  }
  if (!valid(date)) return false;
  in = probe;
  return true;
}

// "Jun 14", "Jun 14 2026", "Jun 14, 2026", "Sun Dec 04" (the year may follow the time).
bool read_month_name(Reader& in, Date& date) {
  Reader probe = in;
  date.month = month_of(probe.text.substr(probe.at));
  if (date.month == 0 || probe.peek(3) != ' ') {
    if (probe.peek(3) != ' ' && !(probe.peek(3) == ',' && probe.peek(4) == ' ')) return false;
    probe.at += probe.peek(3) == ',' ? 5U : 4U;  // a day of the week
    date.month = month_of(probe.text.substr(probe.at));
    if (date.month == 0) return false;
  }
  probe.at += 3;
  if (!probe.take(' ')) return false;
  probe.take(' ');
  std::size_t run = probe.digit_run();
  if (run == 0 || run > 2) return false;
  date.day = probe.number(run);
  probe.take(',');
  Reader year = probe;
  if (year.take(' ') && year.digit_run() == 4) {
    date.year = year.number(4);
    probe = year;
  }
  if (!valid(date)) return false;
  in = probe;
  return true;
}

int year_of(UnixMs now, const Date& date) {
  const std::int64_t today = now / 86'400'000;
  int year = static_cast<int>(1970 + today * 400 / 146'097) + 1;
  while (days_from_civil(year, date.month, date.day) > today + 1) --year;
  return year;
}

Stamp finish(Reader in, Date date, UnixMs now, bool named_month, bool loose = false) {
  Stamp out{.has_date = true, .named_month = named_month && date.year == 0};
  out.length = in.at;
  Reader clock = in;
  const char gap = clock.peek();
  if (gap == 'T' || gap == ' ' || gap == '-' || gap == '_' || gap == ':' || gap == ',') ++clock.at;
  if (gap == ',') clock.take(' ');
  if (gap == ' ') clock.take(' ');
  std::int64_t of_day = clock.at == in.at ? -1 : read_clock(clock, loose);
  if (of_day < 0 && gap == 'T' && clock.digit_run() == 6) {
    const int hms = clock.number(6);
    of_day = ((hms / 10000 * 60 + hms / 100 % 100) * 60LL + hms % 100) * 1000;
  }
  if (of_day < 0) return out;
  out.has_time = true;
  const int zone = read_zone(clock);
  Reader year = clock;
  if (named_month && date.year == 0 && year.take(' ') && year.digit_run() == 4 &&
      (year.text[year.at] == '1' || year.text[year.at] == '2')) {
    const int written = year.number(4);
    if (written >= 1970 && written < 2200 && (year.peek() == ' ' || year.peek() == ']')) {
      date.year = written;
      clock = year;
    }
  }
  if (date.year == 0) date.year = year_of(now, date);
  out.length = clock.at;
  out.time = days_from_civil(date.year, date.month, date.day) * 86'400'000 + of_day - zone * 60'000;
  return out;
}

// "081109 203615", "260101 12:00:00", "20171223-22:15:29:606", "20260101T120000Z".
Stamp read_packed_date(Reader in, std::size_t width, UnixMs now) {
  Date date;
  date.year = width == 8 ? in.number(4) : 2000 + in.number(2);
  date.month = in.number(2);
  date.day = in.number(2);
  if (!valid(date) || date.year < 1970 || date.year > 2200) return {};
  if (in.peek() == ' ' && is_digit(in.peek(1))) {
    Reader clock = in;
    ++clock.at;
    if (clock.digit_run() == 6) {
      const int hms = clock.number(6);
      if (hms / 10000 < 24 && hms / 100 % 100 < 60 && hms % 100 < 61 && clock.peek() == ' ')
        return {.length = clock.at,
                .time = days_from_civil(date.year, date.month, date.day) * 86'400'000 +
                        ((hms / 10000 * 60 + hms / 100 % 100) * 60LL + hms % 100) * 1000,
                .has_date = true,
                .has_time = true};
    }
  }
  const Stamp out = finish(in, date, now, false, true);
  return out.has_time ? out : Stamp{};  // eight digits alone are just a number
}

Stamp read_unix_time(Reader in, std::size_t width) {
  Stamp out{.has_date = true, .has_time = true};
  out.time = unix_time_of_digits(in.text.substr(0, width));
  if (out.time == 0) return {};
  out.length = width;
  if (width == 10 && in.peek(10) == '.' && is_digit(in.peek(11))) {
    int scale = 100;
    in.at = 11;
    for (; is_digit(in.peek()); ++in.at, scale /= 10) out.time += (in.peek() - '0') * scale;
    out.length = in.at;
  }
  return out;
}

}  // namespace

UnixMs unix_time_of_digits(std::string_view digits) {
  if (digits.size() != 10 && digits.size() != 13 && digits.size() != 16 && digits.size() != 19)
    return 0;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 13 && i < digits.size(); ++i) {
    if (!is_digit(digits[i])) return 0;
    value = value * 10 + (digits[i] - '0');
  }
  if (digits.size() == 10) value *= 1000;
  return value >= 900'000'000'000 && value < 4'200'000'000'000 ? value : 0;
}

Stamp read_timestamp(std::string_view text, UnixMs now) {
  if (text.size() < 5) return {};
  Reader in{text};
  Date date;
  if (is_alpha(text[0])) {
    if (text.size() < 12 || (text[3] != ' ' && text[3] != ',')) return {};
    return read_month_name(in, date) ? finish(in, date, now, true) : Stamp{};
  }
  const std::size_t run = in.digit_run();
  switch (run) {
    case 1:
    case 2: {
      const std::int64_t of_day = text[run] == ':' ? read_clock(in) : -1;
      if (of_day >= 0) return {.length = in.at, .has_time = true};
      if (!read_two_digits_first(in, date)) return {};
      const Stamp out = finish(in, date, now, false);
      return out.has_time ? out : Stamp{};
    }
    case 4: return read_year_first(in, date) ? finish(in, date, now, false) : Stamp{};
    case 6:
    case 8: return read_packed_date(in, run, now);
    case 10:
    case 13:
    case 16:
    case 19: return read_unix_time(in, run);
    default: return {};
  }
}

}  // namespace healer
