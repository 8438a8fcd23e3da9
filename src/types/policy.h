#pragma once
#include <map>
#include <string>
#include <vector>

#include "types/severity.h"

namespace healer {

enum class Autonomy { observe, suggest, pull_request, auto_merge };  // ordered
template <>
struct NamesOf<Autonomy> {
  static constexpr std::array<std::string_view, 4> names{"observe", "suggest", "pull_request",
                                                         "auto_merge"};
};

// Every number of Conduct, with its default. healer.yaml sets them (`policy:`); a decision journals
// the digest of the policy that it was made under.
struct Policy {
  Autonomy autonomy = Autonomy::auto_merge;      // ceiling for the local forge
  Autonomy autonomy_remote = Autonomy::suggest;  // ceiling for hosted forges
  bool kill_switch = false;                      // true: nothing is fixed
  int persist_count = 5;           // a fix starts only if the failure was seen this often …
  Millis persist_window{120'000};  // … in this window (or a process death, or a firing alert)
  int open_prs_per_repository_max = 2;
  int open_prs_max = 10;
  int attempts_max = 3;              // per incident
  Millis cooldown{3'600'000};        // per fingerprint and deployed commit, after a fix ended
  int breaker_failures = 3;          // failed fixes of a repository …
  Millis breaker_window{3'600'000};  // … in this window stop its fixes
  int storm_services = 5;            // services failing …
  Millis storm_window{120'000};      // … within this window stop all fixes
  Millis setting_rest{
      2'592'000'000};              // a setting that healer changed is not changed again for 30 days
  Millis record_age_max{600'000};  // older records start nothing
  Millis approval_expires{1'800'000};
  double confidence_min = 0.6;    // under it a finding is uncertain
  Millis deploy_wait{3'600'000};  // no deploy event in this time: unknown
  Millis verify_min{1'800'000};   // watch at least this long …
  int verify_gaps = 3;            // … and this many former mean gaps
  bool revert_on_recurrence = false;
};

// What a repository's owners allow: `.healer.yml` of the base branch. Only ever lowers the ceiling.
struct RepositoryRules {
  bool present = false;             // without the file the server stops at suggest
  std::vector<std::string> check;   // argv: fails on the broken tree, passes on the fixed one
  std::vector<std::string> setup;   // argv: brings dependencies
  std::vector<std::string> deploy;  // argv: run after a merge where healer.yaml trusts it
  std::vector<std::string> guarded, forbidden;  // path globs beside the built-in ones
  Autonomy autonomy = Autonomy::auto_merge;
  std::map<Severity, Autonomy> autonomy_by_severity;
  std::map<Category, Autonomy> autonomy_by_category;
  std::map<std::string, Autonomy> autonomy_by_path;  // glob of a touched file
  std::map<std::string, std::string> service_paths;  // service name -> folder
  bool agent = true;                                 // a coding agent may work here
  Millis verify_min{0};                              // 0: the policy's
  std::string base_branch;
};

}  // namespace healer
