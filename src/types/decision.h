#pragma once
#include <string>

#include "types/policy.h"

namespace healer {

enum class Action { log, notify, notify_parent, ask, wait, fix };
template <>
struct NamesOf<Action> {
  static constexpr std::array<std::string_view, 6> names{"log", "notify", "notify_parent",
                                                         "ask", "wait",   "fix"};
};

struct Decision {
  Action action = Action::log;
  Autonomy autonomy = Autonomy::observe;  // how far a fix may go
  std::string because;                    // "rule: what was true", for the timeline
  UnixMs recheck_at = 0;                  // wait: when to decide again
};

}  // namespace healer
