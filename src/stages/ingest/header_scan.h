#pragma once
#include <optional>
#include <string_view>

#include "stages/ingest/header.h"
#include "stages/ingest/timestamp.h"

namespace healer {

struct StampPlace {
  std::size_t begin = 0, end = 0;
  Stamp stamp;
  bool bracketed = false;  // "[…" before it
};

// Walks over what follows the timestamp. Weak parts (numbers, words) only count if a strong part
// (level, second timestamp, logger with its colon) follows; `header.length` is behind the last
// strong one.
class HeaderScan {
 public:
  HeaderScan(std::string_view line, std::size_t start, UnixMs now, Header& header)
      : line_(line), start_(start), now_(now), header_(header) {}

  void after_stamp(const StampPlace& place);
  bool level_without_stamp();
  void syslog_tag();  // from header.length: "prog[12]: ", "prog: "

 private:
  enum class Step { strong, weak, end };

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < line_.size() ? line_[at_ + ahead] : '\0';
  }
  std::string_view token() const;
  void skip_separators();
  Step step();
  Step read_stamp();
  Step read_bracket();
  Step read_number();
  Step read_word();
  Step read_logger();
  Step read_letter_level();
  bool read_level_word(bool in_bracket);
  bool read_bracket_level(std::string_view inner);
  bool syslog_host();
  bool syslog_tag_at();
  void access_log();
  void read_prefix(std::string_view prefix);

  std::string_view line_;
  std::size_t start_;
  UnixMs now_;
  Header& header_;
  std::size_t at_ = 0;
  int numbers_ = 0, words_ = 0, brackets_ = 0;
  bool level_seen_ = false, logger_seen_ = false, bracketed_ = false, fields_ = false;
  bool after_record_id_ = false;
};

}  // namespace healer
