#pragma once
#include <string>
#include <vector>

#include "types/decision.h"
#include "types/finding.h"

namespace healer {

// Who wants the fix. A person's hand goes further than the server's own.
enum class Request {
  none,          // the server found it by itself
  api,           // POST /incidents/{id}/fix: skips severity, age, persistence and declined
  command_line,  // `healer fix`: needs no .healer.yml; only the kill switch and missing evidence
                 // stop
};
template <>
struct NamesOf<Request> {
  static constexpr std::array<std::string_view, 3> names{"none", "api", "command_line"};
};

// The plain facts that decide() looks at besides the finding; the caller gathers them.
struct IncidentView {
  bool service_known = false;
  bool has_repository = true;  // healer.yaml names one for the service
  bool forge_hosted = false;   // GitHub, Gitea: the lower ceiling
  RepositoryRules rules;       // of the base branch
  bool has_evidence = false;
  UnixMs silenced_until = 0;  // a person silenced the fingerprint or the service
  Millis record_age{0};  // of the newest record on its arrival; not how long the incident waits
  std::int64_t occurrences = 0;   // of the fingerprint in the last policy.persist_window
  int attempts = 0;               // fixes of this incident that ended
  UnixMs last_fix_end = 0;        // of this fingerprint on the commit that is deployed now; 0: none
  int failed_fixes = 0;           // of the repository in the last policy.breaker_window
  UnixMs oldest_failed_fix = 0;   // of those, its end
  int open_prs_repository = 0;    // healer's, without this incident's own
  int open_prs = 0;               // in all repositories, without this incident's own
  int failing_services = 0;       // in the last policy.storm_window, this one included
  std::string storm_parent;       // incident of the running storm; empty: none yet
  UnixMs setting_changed_at = 0;  // healer last changed a setting of this plan then; 0: never
  bool declined = false;          // a person closed this fingerprint's pull request before
  Request request = Request::none;
  std::vector<std::string> touched;  // files of the plan; empty before there is one
  std::string plan_hash;             // of the plan at hand
  std::string approved_plan;         // plan hash that a person approved; empty: none
  UnixMs approved_at = 0;
};

// Maps a finding to one action under the policy. Pure; O(rules). Source: design.md, Conduct.
// An uncertain finding never fixes by itself. `wait` names when time may change the answer, and so
// does what a brake or a silence stopped; new records may change it earlier, so decide again on
// them, and once more before every push.
// `fix` with autonomy `suggest` means: plan and prove, show the diff, push nothing.
Decision decide(const Finding& finding, const IncidentView& view, const Policy& policy, UnixMs now);

// How far a fix may go: the ceiling of the forge, lowered by the repository's rules. Never raised
// but by a person's approval of the very plan.
Autonomy allowed_autonomy(const Finding& finding, const IncidentView& view, const Policy& policy,
                          UnixMs now);

}  // namespace healer
