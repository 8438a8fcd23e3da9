#include "stages/ingest/header_scan.h"

#include <algorithm>
#include <array>

#include "stages/ingest/chars.h"
#include "stages/ingest/level.h"
#include "stages/ingest/logger_name.h"

namespace healer {
namespace {

constexpr int kPartsMax = 16;
constexpr int kWeakWordsMax = 6;
constexpr std::size_t kBracketBytesMax = 200;

bool is_word_char(char c) { return is_alpha(c) || is_digit(c) || c == '_'; }

// Words that are levels only where a colon or bracket says so.
bool is_doubtful_level(std::string_view word) {
  constexpr std::array<std::string_view, 8> kDoubtful{"LOG",  "CONFIG", "SYSTEM", "FINE",
                                                      "NOTE", "FAIL",   "ALERT",  "PANIC"};
  return std::find(kDoubtful.begin(), kDoubtful.end(), word) != kDoubtful.end();
}

bool is_detail_word(std::string_view word) {
  constexpr std::array<std::string_view, 6> kDetail{"DETAIL",  "HINT",  "STATEMENT",
                                                    "CONTEXT", "QUERY", "LOCATION"};
  return std::find(kDetail.begin(), kDetail.end(), word) != kDetail.end();
}

bool is_method(std::string_view word) {
  constexpr std::array<std::string_view, 9> kMethods{
      "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "PATCH", "TRACE"};
  return std::find(kMethods.begin(), kMethods.end(), word) != kMethods.end();
}

// The position of the bracket that closes the one at `open`; npos if it is too far.
std::size_t closing(std::string_view line, std::size_t open) {
  int depth = 0;
  const std::size_t end = std::min(line.size(), open + kBracketBytesMax);
  for (std::size_t i = open; i < end; ++i) {
    if (line[i] == '[') ++depth;
    if (line[i] == ']' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view HeaderScan::token() const {
  std::size_t end = at_;
  while (end < line_.size() && !is_blank(line_[end]) && !(fields_ && line_[end] == '|')) ++end;
  return line_.substr(at_, end - at_);
}

void HeaderScan::skip_separators() {
  while (at_ < line_.size()) {
    const char c = line_[at_], next = peek(1);
    const bool edge = next == ' ' || next == '\t' || next == '\0';
    if (is_blank(c) || c == '|' || (c == ']' && bracketed_) || (c == ',' && edge) ||
        (c == ':' && (edge || header_.length == at_))) {
      ++at_;
    } else if (c == '-' && (edge || next == '-')) {
      while (peek() == '-') ++at_;
    } else {
      return;
    }
  }
}

void HeaderScan::after_stamp(const StampPlace& place) {
  header_.stamped = true;
  header_.time = place.stamp.time;
  level_seen_ = header_.level != Level::unknown;
  bracketed_ = place.bracketed;
  at_ = header_.length = place.end;
  fields_ = peek() == '|' && peek(1) != ' ';
  read_prefix(line_.substr(start_, place.begin - start_));
  if (place.stamp.named_month && !place.bracketed && place.stamp.has_time && peek() == ' ') {
    if (syslog_host()) return;
  }
  for (int parts = 0; parts < kPartsMax; ++parts) {
    skip_separators();
    if (at_ >= line_.size()) break;
    if (peek() == '"') {
      const std::size_t quote = at_;
      access_log();
      if (!header_.status.empty()) header_.length = quote;
      break;
    }
    const std::size_t before = at_;
    const Step done = step();
    if (done == Step::end) break;
    if (done == Step::strong) header_.length = at_;
    if (at_ == before) break;
  }
  at_ = header_.length;
  skip_separators();
  header_.length = at_;
}

HeaderScan::Step HeaderScan::step() {
  const char c = peek();
  if (c == '[') return read_bracket();
  if (c == '(' && level_seen_ && brackets_ > 0 && !logger_seen_) {
    const std::size_t close = line_.find(") ", at_);
    if (close == std::string_view::npos || close - at_ > 80) return Step::end;
    header_.thread = line_.substr(at_ + 1, close - at_ - 1);
    logger_seen_ = true;
    at_ = close + 1;
    return Step::strong;
  }
  if (!level_seen_ && !fields_ && (is_digit(c) || is_upper(c)))
    if (const Step stamp = read_stamp(); stamp != Step::end) return stamp;
  if (is_digit(c) || ((c == '#' || c == '*') && is_digit(peek(1)))) return read_number();
  if (!level_seen_ && read_level_word(false)) return Step::strong;
  if (!level_seen_ && is_upper(c) && (peek(1) == ' ' || peek(1) == '/'))
    if (const Step letter = read_letter_level(); letter != Step::end) return letter;
  if (!level_seen_ && syslog_tag_at()) return Step::strong;
  return read_word();
}

HeaderScan::Step HeaderScan::read_stamp() {
  const Stamp stamp = read_timestamp(line_.substr(at_), now_);
  if (stamp.length == 0 || !(stamp.has_date || stamp.has_time)) return Step::end;
  const char after = peek(stamp.length);
  if (after != ' ' && after != ']' && after != '\t' && after != ':' && after != ',' && after != '|')
    return Step::end;
  if (header_.time == 0) header_.time = stamp.time;
  at_ += stamp.length;
  if (stamp.named_month && stamp.has_time) {
    header_.length = at_;
    if (syslog_host()) {
      at_ = header_.length;
      return Step::strong;
    }
  }
  return Step::strong;
}

bool HeaderScan::read_bracket_level(std::string_view inner) {
  const std::size_t split = inner.find_last_of(":/");
  if (split != std::string_view::npos) {
    if (inner.starts_with("pid ") || inner.starts_with("client ")) return false;
    const auto level = level_of_word(inner.substr(split + 1));
    if (!level) return false;
    header_.level = *level;
    header_.component = inner.substr(0, split);
    return true;
  }
  const auto level = level_of_word(inner);
  if (level) header_.level = *level;
  return level.has_value();
}

HeaderScan::Step HeaderScan::read_bracket() {
  const std::size_t close = closing(line_, at_);
  if (close == std::string_view::npos) return Step::end;
  std::string_view inner = trim(line_.substr(at_ + 1, close - at_ - 1));
  const bool glued = close + 1 < line_.size() && is_word_char(line_[close + 1]);
  if (glued && !level_seen_) return Step::end;
  at_ = close + 1;
  if (!level_seen_ && read_bracket_level(inner)) {
    level_seen_ = true;
    return Step::strong;
  }
  if (inner.starts_with("pid ") || inner.starts_with("client ") || all_digits(inner) ||
      (inner.starts_with("#") && all_digits(inner.substr(1)))) {
    if (inner.starts_with("client ")) return Step::strong;
    if (inner.starts_with("pid ")) inner.remove_prefix(4);
    if (inner.starts_with("#")) inner.remove_prefix(1);
    if (header_.pid.empty()) header_.pid = inner.substr(0, inner.find(':'));
    ++numbers_;
    return Step::strong;
  }
  if (const Stamp stamp = read_timestamp(inner, now_);
      stamp.length == inner.size() && stamp.length > 0 && header_.time == 0) {
    header_.time = stamp.time;
    return Step::strong;
  }
  if (brackets_ == 0) header_.thread = inner;
  ++brackets_;
  if (!level_seen_) return brackets_ > 3 ? Step::end : bracketed_ ? Step::strong : Step::weak;
  const int allowed = bracketed_ ? 3 : logger_seen_ ? 2 : 1;
  if (brackets_ > allowed) return brackets_ > 4 || logger_seen_ ? Step::end : Step::weak;
  if (is_logger_name(inner) && header_.component.empty()) header_.component = inner;
  return Step::strong;
}

HeaderScan::Step HeaderScan::read_number() {
  std::size_t end = at_ + 1;
  while (end < line_.size() && (is_digit(line_[end]) || line_[end] == '#')) ++end;
  const std::string_view word = line_.substr(at_, end - at_);
  const char after = end < line_.size() ? line_[end] : '\0';
  const bool conn = word[0] == '*';
  const std::size_t sharp = word.find('#');
  if (after == ':' && sharp != std::string_view::npos && sharp > 0) {
    header_.pid = word.substr(0, sharp);
    at_ = end + 1;
    ++numbers_;
    return Step::strong;
  }
  if (conn) {
    if (after != ' ' || numbers_ == 0) return Step::end;
    at_ = end;
    return Step::strong;
  }
  if (after != ' ' && after != ']' && after != '\t' && after != '|' && after != ':')
    return read_word();
  if (level_seen_ && !fields_) {
    // Spring: "INFO 1234 --- [main]"; anything else after a level is the message.
    if (line_.substr(end).starts_with(" --- ")) {
      header_.pid = word;
      at_ = end + 4;
      return Step::strong;
    }
    return Step::end;
  }
  if (after_record_id_ && numbers_ == 0 && word.size() <= 2 && after == ' ') {
    ++numbers_;
    at_ = end;
    return Step::strong;  // a flag behind the time of a numbered record
  }
  if (++numbers_ > 3) return Step::end;
  if (numbers_ == 1 && header_.pid.empty()) header_.pid = word[0] == '#' ? word.substr(1) : word;
  at_ = end;
  return fields_ && after == '|' ? Step::strong : Step::weak;
}

bool HeaderScan::read_level_word(bool in_bracket) {
  std::size_t end = at_;
  while (end < line_.size() && (is_alpha(line_[end]) || is_digit(line_[end]))) ++end;
  const std::string_view word = line_.substr(at_, end - at_);
  const char after = end < line_.size() ? line_[end] : ' ';
  const char next = end + 1 < line_.size() ? line_[end + 1] : ' ';
  if (after == ':' && is_detail_word(word)) {
    header_.detail = true;  // the word stays in the message
    level_seen_ = true;
    return true;
  }
  const auto level = level_of_word(word);
  if (!level) return false;
  const bool upper = std::all_of(word.begin(), word.end(), [](char c) { return !is_lower(c); });
  const bool firm = after == ':' || after == ']' || after == '|' || after == '\t' ||
                    (after == ' ' && (next == ' ' || next == '|'));
  const bool open = after == ' ' || after == '/' || after == '[' || after == ',';
  if (!in_bracket && !firm && !(upper && open)) return false;
  if (upper && is_doubtful_level(word) && after != ':' && after != ']' && after != '|' &&
      !(after == ' ' && next == '['))
    return false;
  if (!upper && !firm) return false;
  header_.level = *level;
  level_seen_ = true;
  at_ = end;
  if (after == '/' && bracketed_) {
    ++at_;
    const std::size_t close = line_.find(']', at_);
    if (close != std::string_view::npos && close - at_ < 60) {
      header_.component = line_.substr(at_, close - at_);
      at_ = close + 1;
    }
  }
  return true;
}

// "1702  2395 D Tag: …", "D/Tag( 1702): …", "I NETWORK  [conn1] …".
HeaderScan::Step HeaderScan::read_letter_level() {
  const auto level = level_of_letter(peek());
  if (!level) return Step::end;
  const std::size_t body = at_ + 2;
  const std::string_view rest = line_.substr(std::min(body, line_.size()), 64);
  const std::size_t colon = rest.find(':');
  if (peek(1) == '/' || numbers_ >= 2) {
    if (colon == std::string_view::npos) return Step::end;
    std::string_view tag = rest.substr(0, colon);
    header_.component = trim(tag.substr(0, tag.find('(')));
    at_ = body + colon + 1;
    logger_seen_ = true;
    brackets_ = 3;
  } else {
    std::size_t end = 0;
    while (end < rest.size() && is_upper(rest[end])) ++end;
    if (end < 2 || !rest.substr(end).starts_with(" ")) return Step::end;
    header_.component = rest.substr(0, end);
    at_ = body + end;
    logger_seen_ = true;
  }
  header_.level = *level;
  level_seen_ = true;
  return Step::strong;
}

HeaderScan::Step HeaderScan::read_logger() {
  const std::string_view word = token();
  const std::size_t end = at_ + word.size();
  const std::string_view rest = line_.substr(end);
  std::size_t gap = 0;
  while (gap < rest.size() && rest[gap] == ' ') ++gap;
  const std::string_view after = rest.substr(gap);
  if (fields_) {
    if (!rest.starts_with("|") || words_ >= 3 || word.size() > 40) return Step::end;
    ++words_;
    if (header_.component.empty()) header_.component = word;
    at_ = end;
    return Step::strong;
  }
  bool dashed = gap > 0 && (after.starts_with("- ") || after.starts_with(": "));
  if (!dashed && gap == 1 && bracketed_ && !level_seen_) {  // "prog.exe *64 - message"
    const std::size_t second = after.substr(0, 24).find(" - ");
    dashed = second != std::string_view::npos && is_header_word(after.substr(0, second)) &&
             after.substr(0, second).find(' ') == std::string_view::npos;
    if (dashed) gap += second + 1;
  }
  std::string_view name = word;
  bool accepted = false;
  if (word.size() > 1 && word.back() == ':') {
    name.remove_suffix(1);
    const std::size_t dot = name.rfind('.');
    const auto level =
        dot == std::string_view::npos ? std::nullopt : level_of_word(name.substr(dot + 1));
    if (!level_seen_ && level && is_upper(name[dot + 1])) {
      header_.level = *level;
      level_seen_ = true;
      name = name.substr(0, dot);
      accepted = true;
    } else {
      accepted = is_logger_name(name) && (level_seen_ || name.find('.') != std::string_view::npos);
    }
  } else if (dashed) {
    accepted = (is_logger_name(word) || (level_seen_ && is_alpha(word[0]))) &&
               (level_seen_ || bracketed_ || word.find('.') != std::string_view::npos) &&
               word.find('(') == std::string_view::npos;
  } else if (level_seen_ && bracketed_ && word.back() == ']') {  // "[time LEVEL crate] message"
    name.remove_suffix(1);
    accepted = is_logger_name(name);
  } else if (level_seen_) {
    const bool dotted = word.find('.') != std::string_view::npos && is_logger_name(word);
    const bool shouted = word.size() >= 2 && std::all_of(word.begin(), word.end(), is_upper);
    accepted = (dotted && (after.starts_with("[") || rest.starts_with("\t"))) ||
               (shouted && (gap >= 2 || rest.starts_with("\t")));
  }
  if (!accepted) return Step::end;
  if (header_.component.empty() || is_alpha(name[0])) header_.component = name;
  logger_seen_ = true;
  brackets_ = std::max(brackets_, 1);
  at_ = end + (dashed ? gap + 1 : 0);
  return Step::strong;
}

HeaderScan::Step HeaderScan::read_word() {
  if (!logger_seen_)
    if (const Step logger = read_logger(); logger != Step::end) return logger;
  if (level_seen_ || fields_) return Step::end;
  const std::string_view word = token();
  if (++words_ > kWeakWordsMax || !is_header_word(word)) return Step::end;
  at_ += word.size();
  return Step::weak;
}

// From here: "host prog[12]: message" or "prog[12]: message" (a syslog line after its time).
bool HeaderScan::syslog_host() {
  std::size_t at = header_.length;
  while (at < line_.size() && line_[at] == ' ') ++at;
  at_ = at;
  const std::string_view host = token();
  if (host.empty() || host.front() == '[' || host.front() == '"') return false;
  if (level_of_word(host.substr(0, host.size() - (host.back() == ':' ? 1 : 0)))) return false;
  if (host.back() != ':') {
    if (host.find('=') != std::string_view::npos) return false;
    header_.host = host;
    at_ += host.size();
    while (peek() == ' ') ++at_;
  }
  header_.length = at_;
  syslog_tag();
  return true;
}

void HeaderScan::syslog_tag() {
  std::size_t at = header_.length;
  std::size_t end = at;
  // The tag ends at its colon; a version or one note may stand between ("syslogd 1.4.1:").
  int blanks = 0;
  while (end < line_.size() && end - at < 100) {
    const char c = line_[end];
    if (c == ':' && (end + 1 == line_.size() || line_[end + 1] == ' ')) break;
    if (c == '[' || c == '(') {
      const char close = c == '[' ? ']' : ')';
      const std::size_t to = line_.find(close, end);
      if (to == std::string_view::npos || to - end > 60) return;
      if (c == '[' && all_digits(line_.substr(end + 1, to - end - 1)))
        header_.pid = line_.substr(end + 1, to - end - 1);
      end = to + 1;
      continue;
    }
    if (c == ' ' && (++blanks > 1 || !is_word_char(line_[std::min(end + 1, line_.size() - 1)])) &&
        !line_.substr(end).starts_with(" ("))
      return;
    if (c == '"' || c == '=' || c == ',') return;
    ++end;
  }
  if (end >= line_.size() || end == at || line_[end] != ':') return;
  if (blanks > 0 && line_[end - 1] != ']' && !is_digit(line_[line_.find(' ', at) + 1]) &&
      line_[line_.find(' ', at) + 1] != '(')
    return;
  std::string_view tag = line_.substr(at, end - at);
  header_.component = tag.substr(0, tag.find_first_of("[ "));
  at_ = end + 1;
  while (peek() == ' ') ++at_;
  if (at_ < line_.size() && line_[at_] == '[') {
    // the kernel's own clock behind its tag
    const std::size_t close = line_.find(']', at_);
    const std::string_view inner =
        close == std::string_view::npos ? "" : trim(line_.substr(at_ + 1, close - at_ - 1));
    const std::size_t dot = inner.find('.');
    if (dot != std::string_view::npos && all_digits(inner.substr(0, dot)) &&
        all_digits(inner.substr(dot + 1))) {
      at_ = close + 1;
      while (peek() == ' ') ++at_;
    }
  }
  header_.length = at_;
}

// "host prog[12]: …" or "prog[12]: …" behind a timestamp of any form.
bool HeaderScan::syslog_tag_at() {
  std::size_t at = at_;
  for (int word = 0; word < 2; ++word) {
    std::size_t end = at;
    while (end < line_.size() && !is_blank(line_[end]) && line_[end] != '[') ++end;
    if (end < line_.size() && line_[end] == '[' && end > at) {
      const std::size_t close = line_.find("]:", end);
      if (close == std::string_view::npos || !all_digits(line_.substr(end + 1, close - end - 1)))
        return false;
      if (word == 1) header_.host = line_.substr(at_, at - 1 - at_);
      header_.component = line_.substr(at, end - at);
      header_.pid = line_.substr(end + 1, close - end - 1);
      at_ = close + 2;
      logger_seen_ = true;
      return true;
    }
    at = end + 1;
  }
  return false;
}

void HeaderScan::access_log() {
  const std::size_t begin = at_ + 1;
  const std::size_t close = line_.find('"', begin);
  if (close == std::string_view::npos) return;
  const std::string_view request = line_.substr(begin, close - begin);
  const std::size_t space = request.find(' ');
  if (space == std::string_view::npos || !is_method(request.substr(0, space))) return;
  const std::string_view status = line_.substr(std::min(close + 2, line_.size()), 3);
  if (!all_digits(status) || status.size() != 3) return;
  header_.method = request.substr(0, space);
  header_.path = request.substr(space + 1, request.find(' ', space + 1) - space - 1);
  header_.path = header_.path.substr(0, header_.path.find('?'));
  header_.status = status;
  if (!level_seen_)
    header_.level =
        level_of_http((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'));
}

// Words before the timestamp: a pid, a role mark, a unit.
void HeaderScan::read_prefix(std::string_view prefix) {
  prefix = trim(prefix);
  if (prefix.empty() || prefix == "-") return;
  after_record_id_ = all_digits(prefix.substr(0, prefix.find(' '))) &&
                     std::count(prefix.begin(), prefix.end(), ' ') >= 3;
  const std::size_t colon = prefix.find(':');
  if (colon != std::string_view::npos && colon + 2 == prefix.size() &&
      all_digits(prefix.substr(0, colon)) && is_upper(prefix.back())) {
    header_.pid = prefix.substr(0, colon);
    std::size_t mark = header_.length;
    while (mark < line_.size() && line_[mark] == ' ') ++mark;
    if (mark + 1 < line_.size() && line_[mark + 1] == ' ') {
      const char c = line_[mark];
      const Level level = c == '#'   ? Level::warning
                          : c == '*' ? Level::notice
                          : c == '-' ? Level::info
                          : c == '.' ? Level::debug
                                     : Level::unknown;
      if (level != Level::unknown) {
        header_.level = level;
        level_seen_ = logger_seen_ = true;
        at_ = header_.length = mark + 1;
      }
    }
  }
}

bool HeaderScan::level_without_stamp() {
  at_ = 0;
  if (peek() == '[') {
    const std::size_t close = closing(line_, 0);
    if (close == std::string_view::npos || close > 16) return false;
    const auto level = level_of_word(trim(line_.substr(1, close - 1)));
    if (!level) return false;
    header_.level = *level;
    at_ = close + 1;
  } else {
    std::size_t end = 0;
    while (end < line_.size() && (is_alpha(line_[end]) || is_digit(line_[end]))) ++end;
    const std::string_view word = line_.substr(0, end);
    const auto level = level_of_word(word);
    const bool upper = std::none_of(word.begin(), word.end(), is_lower);
    const char after = end < line_.size() ? line_[end] : '\0';
    if (!level || !upper || (after != ':' && after != ' ' && after != '\t')) return false;
    if (after != ':' && is_doubtful_level(word)) return false;
    header_.level = *level;
    at_ = end;
    if (after == ':' && peek(1) != ' ' && peek(1) != '\0') {
      // "ERROR:root:message"
      const std::size_t colon = line_.find(':', at_ + 1);
      const std::string_view name =
          colon == std::string_view::npos ? "" : line_.substr(at_ + 1, colon - at_ - 1);
      if (!name.empty() && name.size() < 80 && name.find(' ') == std::string_view::npos) {
        header_.component = name;
        at_ = colon + 1;
        header_.length = at_;
        while (peek() == ' ') ++at_;
        header_.length = at_;
        return true;
      }
    }
  }
  level_seen_ = true;
  header_.length = at_;
  skip_separators();
  header_.length = at_;
  if (peek() == '[' || is_alpha(peek())) {
    const Step done = peek() == '[' ? read_bracket() : read_logger();
    if (done == Step::strong) {
      header_.length = at_;
      skip_separators();
      header_.length = at_;
    } else {
      at_ = header_.length;
    }
  }
  return true;
}

}  // namespace healer
