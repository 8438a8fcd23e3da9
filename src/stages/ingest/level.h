#pragma once
#include <optional>
#include <string_view>

#include "types/log_record.h"

namespace healer {

// A level word of any usual logger ("WARN", "err", "Information", "severe", "LOG"), in any case.
// Single letters only by level_of_letter: they are too often just letters.
std::optional<Level> level_of_word(std::string_view word);
std::optional<Level> level_of_letter(char letter);  // V T D I N W E C F, upper case

Level level_of_syslog(int severity);      // 0 emergency … 7 debug
Level level_of_number(long long number);  // pino and bunyan: 10 trace … 60 fatal; else syslog
Level level_of_http(int status);          // 5xx error, 4xx warning, else info

}  // namespace healer
