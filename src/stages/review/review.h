#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "types/patch.h"
#include "types/review.h"

namespace healer {

struct ReviewPolicy {
  std::vector<std::string> guarded, forbidden;  // globs of RepositoryRules beside the built-in ones
  bool log_volume_incident = false;  // only then may a log threshold be raised or retention cut
};

// The built-in reviewer ("diff-guard"). `approved` for `head_sha` only if every rule holds: paths,
// size, no secret added, tests only added to, every touched file parses, nothing silenced or
// weakened. Otherwise `changes_requested` with one sentence per broken rule. `guarded` is set where
// a guarded path is touched: that is no fault, but never merges without a person. Pure.
Review review(const Patch& patch, const ReviewPolicy& policy, std::string_view head_sha);

// True where the path is guarded or forbidden, built-in lists and `policy` together.
bool is_guarded(std::string_view path, const ReviewPolicy& policy);
bool is_forbidden(std::string_view path, const ReviewPolicy& policy);

}  // namespace healer
