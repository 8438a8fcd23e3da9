#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace healer {

struct LogGeneratorOptions {
  std::uint64_t seed = 1;            // the same seed and start give the same lines
  double lines_per_second = 20;      // in the lines' own time
  UnixMs start = 0;                  // time of the first line
  double errors = 0.08;              // share of events that are high or critical
  std::vector<std::string> formats;  // empty: all of log_formats()
};

// nginx, postgres, kubernetes, python, java, syslog, …
std::vector<std::string_view> log_formats();

// Realistic log streams of several systems mixed: most of it is everyday noise, with warnings and
// failures in between. invalid_input names an unknown format and the nearest one.
class LogGenerator {
 public:
  static Result<LogGenerator> make(const LogGeneratorOptions& options);
  ~LogGenerator();
  LogGenerator(LogGenerator&&) noexcept;

  // The next event, one or several lines, each with its newline.
  std::string next();
  UnixMs time() const;  // of the event that next() will return

 private:
  struct State;
  explicit LogGenerator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace healer
