#pragma once
#include <string>
#include <string_view>

#include "base/time.h"
#include "types/demo.h"
#include "types/incident.h"

namespace healer {

// `healer demo run`: the story of one scenario for a terminal. Give it the incident whenever it may
// have changed; it returns the lines that are new (empty if none). Not thread-safe.
class DemoStory {
 public:
  enum class Colour { off, on };
  DemoStory(const DemoScenario& scenario, UnixMs started, Colour colour);

  std::string opening() const;                 // before the first incident is seen
  std::string tell(const Incident& incident);  // steps since the last call, with their times
  std::string ending(const Incident& incident) const;  // what happened, in numbers

 private:
  std::string painted(std::string_view style, std::string_view text) const;
  std::string line(UnixMs at, std::string_view mark, std::string_view style,
                   std::string_view text) const;
  std::string change_of(const Incident& incident);  // plan and diff, once

  const std::string name_, title_;
  const UnixMs started_;
  const Colour colour_;
  std::size_t told_ = 0;  // timeline entries
  bool told_summary_ = false, told_diff_ = false;
};

}  // namespace healer
