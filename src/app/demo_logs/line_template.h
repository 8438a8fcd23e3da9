#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "types/log_record.h"

namespace healer {

enum class Gravity { usual, odd, failure };

// One event of one format. `text` has placeholders for what differs from event to event: times
// ({iso}, {clf}, …), numbers ({n:LOW:HIGH}), and words of a pool ({host}, {path}, …).
// {pid} and {peer} are the same wherever they stand in one event.
struct LineTemplate {
  std::string_view format;
  Gravity gravity;
  Level level;  // what a reader of its header finds; unknown where the header has none
  std::string_view text;
};

std::span<const LineTemplate> line_templates();

// The same numbers on every machine for the same seed (splitmix64).
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)

 private:
  std::uint64_t state_;
};

// The event at `time`, each line with its newline. An unknown placeholder stays as it is.
std::string fill(std::string_view text, UnixMs time, Draw& draw);

}  // namespace healer
