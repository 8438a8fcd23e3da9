#pragma once
#include <string>
#include <vector>

#include "app/fix/fix_repository.h"
#include "app/fix/log_findings.h"
#include "incident/prover.h"
#include "stages/fix/fix.h"
#include "types/review.h"

namespace healer {

// The first failure of a log for which a repository has one safe fix, or why there is none.
struct FixProposal {
  std::size_t finding = 0;     // of the log
  std::size_t repository = 0;  // of those given
  PlanResult result = Refusal{"the log shows no failure"};
  Patch patch;    // of a plan
  Review review;  // of the patch
  Proven proven;
};

// Plans, builds and reviews; proves nothing yet. `service` picks its folder in `.healer.yml`.
Result<FixProposal> propose_fix(const LogFindings& log,
                                const std::vector<FixRepository>& repositories,
                                const std::vector<Playbook>& playbooks, const std::string& service);

// Why it must not be made; empty: it may be.
std::string objection(const FixProposal& proposal);

// What the pull request says of it; the same proposal always has the same branch.
IncidentRecord record_of(const FixProposal& proposal, const Finding& finding,
                         const FixRepository& repository, UnixMs now);

}  // namespace healer
