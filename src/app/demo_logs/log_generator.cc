#include "app/demo_logs/log_generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/demo_logs/line_template.h"
#include "types/yaml.h"

namespace healer {
namespace {

constexpr double kOdd = 0.06;  // share of the events that are no failures

using Pool = std::vector<const LineTemplate*>;

struct Format {
  Pool usual, odd, failures;
};

Format format_of(std::string_view name) {
  Format out;
  for (const auto& line : line_templates()) {
    if (line.format != name) continue;
    Pool& pool = line.gravity == Gravity::failure ? out.failures
                 : line.gravity == Gravity::odd   ? out.odd
                                                  : out.usual;
    pool.push_back(&line);
  }
  return out;
}

}  // namespace

std::vector<std::string_view> log_formats() {
  std::vector<std::string_view> out;
  for (const auto& line : line_templates())
    if (std::ranges::find(out, line.format) == out.end()) out.push_back(line.format);
  return out;
}

struct LogGenerator::State {
  Draw draw;
  std::int64_t time_us;
  double us_per_line;
  double errors;
  std::vector<Format> formats;

  const LineTemplate& pick() {
    const double share = draw.share();
    // A format without odd events gives everyday noise instead.
    const Format& format = formats[draw.below(formats.size())];
    const bool odd = share < errors + (1 - errors) * kOdd && !format.odd.empty();
    const Pool& pool = share < errors ? format.failures : odd ? format.odd : format.usual;
    return *pool[draw.below(pool.size())];
  }
};

LogGenerator::LogGenerator(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogGenerator::~LogGenerator() = default;
LogGenerator::LogGenerator(LogGenerator&&) noexcept = default;

Result<LogGenerator> LogGenerator::make(const LogGeneratorOptions& options) {
  if (!(options.lines_per_second > 0) || !std::isfinite(options.lines_per_second))
    return fail(Errc::invalid_input, "lines per second must be more than 0");
  if (!(options.errors >= 0 && options.errors <= 1))
    return fail(Errc::invalid_input, "the share of errors must be from 0 to 1");
  const auto known = log_formats();
  std::vector<Format> formats;
  for (const auto& name : options.formats) {
    if (std::ranges::find(known, name) == known.end()) {
      const std::string nearest = nearest_word(name, known);
      return fail(Errc::invalid_input,
                  fmt::format("there is no log format \"{}\"; {}", name,
                              nearest.empty() ? fmt::format("there are {}", fmt::join(known, ", "))
                                              : fmt::format("did you mean {}?", nearest)));
    }
    formats.push_back(format_of(name));
  }
  if (formats.empty())
    for (const auto name : known) formats.push_back(format_of(name));
  return LogGenerator(std::make_unique<State>(Draw(options.seed), options.start * 1000,
                                              1e6 / options.lines_per_second, options.errors,
                                              std::move(formats)));
}

std::string LogGenerator::next() {
  std::string text = fill(state_->pick().text, time(), state_->draw);
  const auto lines = static_cast<double>(std::ranges::count(text, '\n'));
  // Gaps differ, their mean does not: from half of it to half more.
  state_->time_us += std::llround(lines * state_->us_per_line * (0.5 + state_->draw.share()));
  return text;
}

UnixMs LogGenerator::time() const { return state_->time_us / 1000; }

}  // namespace healer
