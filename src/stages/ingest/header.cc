#include "stages/ingest/header.h"

#include <algorithm>

#include "stages/ingest/chars.h"
#include "stages/ingest/header_scan.h"
#include "stages/ingest/level.h"
#include "stages/ingest/logger_name.h"
#include "stages/ingest/timestamp.h"

namespace healer {
namespace {

constexpr std::size_t kPrefixTokensMax = 7;  // before the timestamp
constexpr std::size_t kPrefixBytesMax = 160;

std::string_view token_at(std::string_view line, std::size_t at) {
  std::size_t end = at;
  while (end < line.size() && !is_blank(line[end])) ++end;
  return line.substr(at, end - at);
}

bool may_begin_stamp(char c) { return is_digit(c) || is_upper(c); }

bool is_address(std::string_view word) {
  return word.size() >= 7 && is_digit(word[0]) && std::count(word.begin(), word.end(), '.') == 3;
}

// "<34>" in front; its length, 0 if none.
std::size_t read_priority(std::string_view line, Header& header) {
  std::size_t at = 1;
  int value = 0;
  while (at < line.size() && at < 4 && is_digit(line[at])) value = value * 10 + (line[at++] - '0');
  if (at == 1 || at >= line.size() || line[at] != '>' || value > 191) return 0;
  header.level = level_of_syslog(value & 7);
  return at + 1;
}

// RFC 5424 after "<34>1 ": TIMESTAMP HOST APP PROCID MSGID SD MSG.
bool read_rfc5424(std::string_view line, std::size_t at, UnixMs now, Header& header) {
  const Stamp stamp = read_timestamp(line.substr(at), now);
  if (stamp.length == 0 && (at >= line.size() || line[at] != '-')) return false;
  header.time = stamp.time;
  at += std::max<std::size_t>(stamp.length, 1);
  std::string_view fields[4];
  for (auto& field : fields) {
    if (at >= line.size() || line[at] != ' ') return false;
    field = token_at(line, ++at);
    at += field.size();
    if (field == "-") field = {};
  }
  header.host = fields[0];
  header.component = fields[1];
  header.pid = fields[2];
  if (at < line.size()) ++at;
  if (at < line.size() && line[at] == '-') {
    ++at;
  } else {
    while (at < line.size() && line[at] == '[') {
      bool quoted = false;
      for (++at; at < line.size() && (quoted || line[at] != ']'); ++at) {
        if (line[at] == '\\')
          ++at;
        else if (line[at] == '"')
          quoted = !quoted;
      }
      at = std::min(at + 1, line.size());
    }
  }
  if (at < line.size() && line[at] == ' ') ++at;
  if (line.substr(at).starts_with("\xEF\xBB\xBF")) at += 3;
  header.length = at;
  return header.stamped = true;
}

// "E0102 15:04:05.000000    1234 file.go:12] message".
bool read_klog(std::string_view line, UnixMs now, Header& header) {
  if (line.size() < 22 || line[5] != ' ' || line[8] != ':' || !all_digits(line.substr(1, 4)))
    return false;
  const auto level = level_of_letter(line[0]);
  const std::size_t close = line.substr(0, 160).find("] ");
  if (!level || close == std::string_view::npos) return false;
  const std::string with_dash =
      std::string(line.substr(1, 2)) + "-" + std::string(line.substr(3, 18));
  header.time = read_timestamp(with_dash, now).time;
  header.level = *level;
  std::size_t at = line.find(' ', 6);
  while (at < close && line[at] == ' ') ++at;
  header.pid = token_at(line, at);
  at += header.pid.size();
  while (at < close && line[at] == ' ') ++at;
  header.component = line.substr(at, close - at);
  header.length = close + 2;
  return header.stamped = true;
}

// "[12345.678901] message" of the kernel ring.
std::size_t ring_stamp(std::string_view line) {
  if (line.size() < 6 || line[0] != '[') return 0;
  std::size_t at = 1;
  while (at < line.size() && line[at] == ' ') ++at;
  const std::size_t digits = at;
  while (at < line.size() && is_digit(line[at])) ++at;
  if (at == digits || at >= line.size() || line[at] != '.') return 0;
  const std::size_t fraction = ++at;
  while (at < line.size() && is_digit(line[at])) ++at;
  if (at - fraction != 6 || at >= line.size() || line[at] != ']') return 0;
  return at + 1 < line.size() && line[at + 1] == ' ' ? at + 2 : at + 1;
}

// Looks for the timestamp at the start and behind words that no prose begins with.
bool find_stamp(std::string_view line, std::size_t start, UnixMs now, Header& header,
                StampPlace& place) {
  std::size_t at = start;
  bool only_levels = true, client_first = false, number_first = false;
  for (std::size_t k = 0; k < kPrefixTokensMax && at < line.size() && at < kPrefixBytesMax; ++k) {
    const bool open = line[at] == '[' || line[at] == '(';
    const std::size_t first = at + (open ? 1 : 0);
    if (first < line.size() && may_begin_stamp(line[first])) {
      const Stamp stamp = read_timestamp(line.substr(first), now);
      const std::size_t end = first + stamp.length;
      const bool closed = end >= line.size() || !(is_alpha(line[end]) || is_digit(line[end]));
      if (stamp.length > 0 && closed && (stamp.has_date || only_levels) &&
          (stamp.has_time || k > 0 || end < line.size())) {
        place = {.begin = at, .end = end, .stamp = stamp, .bracketed = open};
        return true;
      }
    }
    const std::string_view token = token_at(line, at);
    std::string_view word = token;
    if (!word.empty() && (word.front() == '[' || word.front() == '(')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == ']' || word.back() == ':' || word.back() == '|'))
      word.remove_suffix(1);
    const auto level = level_of_word(word);
    if (level && (is_upper(word[0]) || word.size() < token.size())) {
      if (header.level == Level::unknown) header.level = *level;
    } else {
      only_levels = false;
      client_first |= k == 0 && is_address(word);
      number_first |= k == 0 && token.size() > 2 && all_digits(token);
      const bool accepted =
          is_header_word(token) || client_first || (number_first && k > 1) ||
          (token == "|" && k == 1) ||
          (k == 0 && token.size() > 1 && line.substr(at + token.size()).starts_with(" - - ["));
      if (!accepted) break;
    }
    at += token.size();
    while (at < line.size() && (is_blank(line[at]) || line[at] == '|')) ++at;
  }
  header.level = Level::unknown;
  return false;
}

// "ERROR:root:message", "ERROR: message", "[ERROR] message", "INFO  message".
bool read_level_first(std::string_view line, Header& header) {
  HeaderScan scan(line, 0, 0, header);
  return scan.level_without_stamp();
}

}  // namespace

bool read_header(std::string_view line, UnixMs now, Header& header) {
  header = {};
  if (line.empty()) return false;
  std::size_t start = 0;
  while (start < line.size() && line[start] == ' ') ++start;
  if (start == line.size()) return false;
  bool prioritised = false;
  if (line[start] == '<') {
    const std::size_t after = start == 0 ? read_priority(line, header) : 0;
    if (after > 0 && line.substr(after).starts_with("1 ") &&
        read_rfc5424(line, after + 2, now, header))
      return true;
    prioritised = after > 0;
    start += after;
  }
  if (start == 0 && level_of_letter(line[0]) && read_klog(line, now, header)) return true;
  const Level of_priority = header.level;
  StampPlace place;
  if (find_stamp(line, start, now, header, place)) {
    HeaderScan scan(line, start, now, header);
    scan.after_stamp(place);
    if (of_priority != Level::unknown) header.level = of_priority;
    return true;
  }
  header.level = of_priority;
  if (const std::size_t ring = ring_stamp(line.substr(start)); ring > 0) {
    header.length = start + ring;
    return header.stamped = true;
  }
  if (prioritised) {
    header.length = start;
    HeaderScan(line, start, now, header).syslog_tag();
    return true;
  }
  return start == 0 && read_level_first(line, header);
}

Level leading_level(std::string_view message) {
  struct Lead {
    std::string_view text;
    Level level;
  };
  static constexpr Lead kLeads[] = {
      {"panic:", Level::critical},
      {"fatal error:", Level::critical},
      {"Fatal error:", Level::critical},
      {"PHP Fatal error:", Level::critical},
      {"PHP Parse error:", Level::error},
      {"PHP Warning:", Level::warning},
      {"PHP Notice:", Level::notice},
      {"PHP Deprecated:", Level::notice},
      {"Traceback (most", Level::error},
      {"Unhandled exception", Level::critical},
      {"Uncaught ", Level::error},
      {"fatal:", Level::critical},
      {"error:", Level::error},
      {"Error:", Level::error},
      {"warning:", Level::warning},
      {"Warning:", Level::warning},
      {"Exception in thread", Level::error},
      {"FATAL ", Level::critical},
      {"ERROR ", Level::error},
      {"emerg:", Level::critical},
  };
  const auto* found = std::find_if(std::begin(kLeads), std::end(kLeads), [&](const Lead& lead) {
    return message.starts_with(lead.text);
  });
  return found == std::end(kLeads) ? Level::unknown : found->level;
}

Wrapper read_wrapper(std::string_view line, UnixMs now) {
  if (line.size() > 24 && is_digit(line[0]) && line[4] == '-') {
    const std::string_view word = token_at(line, 0);
    std::size_t at = word.size();
    const std::string_view rest = line.substr(at);
    if (rest.starts_with(" stdout ") || rest.starts_with(" stderr ")) {
      at += 8;
      if (at + 1 < line.size() && (line[at] == 'F' || line[at] == 'P') && line[at + 1] == ' ')
        return {.length = at + 2,
                .time = read_timestamp(word, now).time,
                .component = {},
                .partial = line[at] == 'P'};
    }
  }
  std::size_t at = 0;
  while (at < line.size() && at < 64 &&
         (is_alpha(line[at]) || is_digit(line[at]) || line[at] == '-' || line[at] == '_' ||
          line[at] == '.'))
    ++at;
  const std::size_t name = at;
  while (at < line.size() && line[at] == ' ') ++at;
  if (name == 0 || at == name || !line.substr(at).starts_with("| ")) return {};
  if (is_digit(line[0])) return {};
  return {.length = at + 2, .time = 0, .component = line.substr(0, name), .partial = false};
}

}  // namespace healer
