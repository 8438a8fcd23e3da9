#pragma once
#include <cstdint>
#include <string>

#include "types/outcome.h"
#include "types/policy.h"

namespace healer {

// What is watched after a merge; frozen at detection, but for the deploy and alert members.
struct Watch {
  UnixMs merged_at = 0;
  UnixMs deployed_at = 0;  // a deploy event named a commit with the merge in it; 0: none yet
  std::string version;     // what that event deployed
  Millis former_gap{0};    // mean time between two records of the symptom before the fix
  double former_normal_per_minute = 0;  // usual rate of the service's other records; 0: unknown
  Millis verify_min{0};                 // of `.healer.yml`; only ever lengthens the policy's
  bool alert = false;                   // the symptom is an alert of another system
  bool alert_firing = false;            // its state now
  UnixMs alert_changed_at = 0;          // when it took that state
};

// Counts since `deployed_at`, by arrival. A record that names no version or instance counts as new.
struct SignalWindow {
  std::uint64_t symptom_new = 0;  // the symptom from the deployed version or a newer instance
  std::uint64_t symptom_old = 0;  // from old instances: does not count
  std::uint64_t similar_new = 0;  // fingerprints first seen since the deploy with the same service,
                                  // category and knowledge entry or exception type
  std::uint64_t normal = 0;       // the service's other records
};

// healed, recurred, unknown, or watching with the time to look again. Pure; knows only `now`.
// Silence is never healed. Source: design.md, Conduct.
Outcome verify(const Watch& watch, const SignalWindow& window, const Policy& policy, UnixMs now);

// How long the watch lasts from the deploy: the longer of the minimum and policy.verify_gaps gaps.
Millis watch_length(const Watch& watch, const Policy& policy);

}  // namespace healer
