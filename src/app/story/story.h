#pragma once
#include <string>
#include <string_view>

#include "base/time.h"
#include "types/incident.h"

namespace healer {

// What a story is about and from when its times count.
struct StoryStart {
  std::string name;  // of the scenario or incident
  std::string what;  // "the bad deploy", "the first record"
  UnixMs at = 0;
};

// The story of one incident for a terminal. Give it the incident whenever it may have changed; it
// returns the lines that are new (empty if none). Not thread-safe.
class Story {
 public:
  enum class Colour { off, on };
  Story(StoryStart start, Colour colour);

  std::string opening(std::string_view title, std::string_view event) const;
  std::string evidence(const Incident& incident) const;  // the lines that show it
  std::string tell(const Incident& incident);  // steps since the last call, with their times
  std::string ending(const Incident& incident) const;  // what happened, in numbers

 private:
  std::string painted(std::string_view style, std::string_view text) const;
  std::string line(UnixMs at, std::string_view mark, std::string_view style,
                   std::string_view text) const;
  std::string change_of(const Incident& incident);  // plan and diff, once

  const StoryStart start_;
  const Colour colour_;
  std::size_t told_ = 0;  // timeline entries
  bool told_summary_ = false, told_diff_ = false;
};

// ANSI style of a status: good, bad, or in between.
std::string_view style_of(IncidentStatus status);

}  // namespace healer
