#include "stages/fix/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/glob.h"
#include "repo/repo_model.h"

namespace healer {
namespace {

constexpr std::size_t kValueBytesMax = 253;

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool only(std::string_view text, std::string_view extra) {
  return std::ranges::all_of(text, [&](char c) {
    return is_letter_or_digit(c) || extra.find(c) != std::string_view::npos;
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

template <class List>
bool one_of(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.size() <= 15 && std::ranges::all_of(text, is_digit);
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, is_digit)) return false;
  const int port = std::stoi(std::string(text));
  return port >= 1 && port <= 65535;
}

bool is_host(std::string_view text) {
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    if (!is_port(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  if (text.empty() || !only(text, ".-_")) return false;
  if (!is_letter_or_digit(text.front()) || !is_letter_or_digit(text.back())) return false;
  return text.find("..") == std::string_view::npos;
}

// Without user and password, blanks and quotes.
bool is_url(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  if (!only(text.substr(0, colon), "+.-")) return false;
  const auto rest = text.substr(colon + 3);
  if (!only(rest, ".-_~:/?#[]!$&()*+,;=%")) return false;
  return is_host(rest.substr(0, rest.find_first_of("/?#,")));
}

bool is_level(std::string_view text) {
  static constexpr std::array<std::string_view, 10> kLevels{"trace", "debug",   "info",  "notice",
                                                            "warn",  "warning", "error", "critical",
                                                            "fatal", "verbose"};
  return one_of(kLevels, lower(text));
}

bool is_boolean(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kWords{"true", "false", "yes", "no",
                                                          "on",   "off",   "1",   "0"};
  return one_of(kWords, lower(text));
}

struct Unit {
  std::string_view word;
  double base;
};
constexpr double kKi = 1024, kMi = kKi * 1024, kGi = kMi * 1024, kTi = kGi * 1024;
constexpr double kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

// Programs disagree on whether MB is 10^6 or 2^20; for bounds the larger reading is the safe one.
constexpr std::array<Unit, 22> kSizeUnits{{
    {"b", 1},           {"byte", 1},        {"bytes", 1}, {"k", kKi},   {"kb", kKi},
    {"kib", kKi},       {"ki", kKi},        {"m", kMi},   {"mb", kMi},  {"mib", kMi},
    {"mi", kMi},        {"megabytes", kMi}, {"g", kGi},   {"gb", kGi},  {"gib", kGi},
    {"gi", kGi},        {"t", kTi},         {"tb", kTi},  {"tib", kTi}, {"ti", kTi},
    {"kilobytes", kKi}, {"gigabytes", kGi},
}};
constexpr std::array<Unit, 23> kTimeUnits{{
    {"ms", 1},           {"milli", 1},        {"millis", 1},        {"millisecond", 1},
    {"milliseconds", 1}, {"msec", 1},         {"s", kSecond},       {"sec", kSecond},
    {"secs", kSecond},   {"second", kSecond}, {"seconds", kSecond}, {"m", kMinute},
    {"min", kMinute},    {"mins", kMinute},   {"minute", kMinute},  {"minutes", kMinute},
    {"h", kHour},        {"hour", kHour},     {"hours", kHour},     {"d", kDay},
    {"day", kDay},       {"days", kDay},      {"week", 7 * kDay},
}};

template <class Units>
double unit_of(const Units& units, std::string_view word) {
  const auto it = std::ranges::find(units, word, &Unit::word);
  return it == units.end() ? 0 : it->base;
}

double unit_of(ValueType type, std::string_view word) {
  return type == ValueType::size ? unit_of(kSizeUnits, word) : unit_of(kTimeUnits, word);
}

// The unit that a name says: pool_timeout_ms, maxSizeMB. One letter is no name.
double unit_of_name(ValueType type, const std::vector<std::string>& name) {
  for (auto it = name.rbegin(); it != name.rend(); ++it)
    if (it->size() > 1)
      if (const double unit = unit_of(type, *it); unit > 0) return unit;
  return 0;
}

}  // namespace

bool has_number(ValueType type) {
  return type == ValueType::integer || type == ValueType::size || type == ValueType::duration;
}

std::optional<Quantity> quantity(ValueType type, std::string_view text,
                                 const std::vector<std::string>& name) {
  if (!has_number(type) || text.empty() || text.size() > 40) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  Quantity out;
  out.suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  if (type == ValueType::integer) {
    if (!out.suffix.empty() || number != std::floor(number) || !is_integer(text))
      return std::nullopt;
  } else if (out.suffix.empty()) {
    out.unit = unit_of_name(type, name);
    if (out.unit == 0) {
      out.unit = 1;
      out.unit_known = type == ValueType::size;  // bare sizes are bytes
    }
  } else {
    std::string_view word = out.suffix;
    while (word.starts_with(' ')) word.remove_prefix(1);
    out.unit = unit_of(type, lower(word));
    if (out.unit == 0) return std::nullopt;
  }
  out.base = number * out.unit;
  return out;
}

std::optional<std::string> written_like(double base, const Quantity& like) {
  const double number = base / like.unit;
  if (number != std::floor(number) || number < 0 || number > 1e15) return std::nullopt;
  return fmt::format("{:.0f}{}", number, like.suffix);
}

bool is_value(ValueType type, std::string_view text) {
  if (text.empty() || text.size() > kValueBytesMax) return false;
  switch (type) {
    case ValueType::integer: return is_integer(text);
    case ValueType::size:
    case ValueType::duration: return quantity(type, text, {}).has_value();
    case ValueType::port: return is_port(text);
    case ValueType::host: return is_host(text);
    case ValueType::url: return is_url(text);
    case ValueType::word: return only(text, "._:/-");
    case ValueType::boolean: return is_boolean(text);
    case ValueType::level: return is_level(text);
    case ValueType::file: return only(text, "._/-") && text.find("..") == std::string_view::npos;
  }
  return false;
}

std::vector<std::string> name_words(std::string_view name) {
  std::vector<std::string> words;
  const std::string plain = normalise_name(name);
  std::string word;
  for (const char c : plain + "_") {
    if (is_letter_or_digit(c)) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

namespace {

bool alternative_matches(std::string_view alternatives, std::string_view word) {
  while (true) {
    const auto bar = alternatives.find('|');
    if (wildcard_match(alternatives.substr(0, bar), word)) return true;
    if (bar == std::string_view::npos) return false;
    alternatives.remove_prefix(bar + 1);
  }
}

// From the end: the last word first, each further one at its latest place. Marks what was used.
bool match_words(std::string_view pattern, const std::vector<std::string>& words,
                 std::vector<bool>& used) {
  used.assign(words.size(), false);
  std::size_t left = words.size();
  bool last = true;
  while (!pattern.empty()) {
    const auto space = pattern.rfind(' ');
    const auto part = pattern.substr(space == std::string_view::npos ? 0 : space + 1);
    pattern = space == std::string_view::npos ? std::string_view{} : pattern.substr(0, space);
    if (part.empty()) continue;
    while (left > 0 && !alternative_matches(part, words[left - 1])) {
      if (last) return false;
      --left;
    }
    if (left == 0) return false;
    used[--left] = true;
    last = false;
  }
  return !last;
}

}  // namespace

bool name_matches(std::string_view pattern, const std::vector<std::string>& words) {
  std::vector<bool> used;
  return match_words(pattern, words, used);
}

std::vector<std::string> other_words(std::string_view pattern,
                                     const std::vector<std::string>& words) {
  std::vector<bool> used;
  std::vector<std::string> out;
  if (!match_words(pattern, words, used)) return out;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (!used[i]) out.push_back(words[i]);
  return out;
}

}  // namespace healer
