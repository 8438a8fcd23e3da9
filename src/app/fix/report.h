#pragma once
#include <string>
#include <vector>

#include "app/fix/proposal.h"

namespace healer {

// What was done with a proposal.
struct FixDone {
  bool applied = false;
  std::string branch, pr_url;
  std::string refused;  // why nothing was; empty where something was or only shown
};

// For a person: the failure, the change and its proof. Coloured where `colours`; control
// characters of logs and repositories do not reach the terminal.
std::string fix_report(const LogFindings& log, const std::vector<FixRepository>& repositories,
                       const FixProposal& proposal, const FixDone& done, bool colours);

// The same as one JSON object: finding, plan, diff, review, proof, applied, branch, pr_url,
// refused.
std::string fix_report_json(const LogFindings& log, const FixProposal& proposal,
                            const FixDone& done);

}  // namespace healer
