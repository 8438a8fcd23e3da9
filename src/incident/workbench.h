#pragma once
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/step.h"
#include "incident/prover.h"
#include "ports/exec/exec.h"
#include "ports/forge/forge.h"
#include "ports/forge/git.h"
#include "stages/fix/fix.h"
#include "types/incident_record.h"
#include "types/policy.h"
#include "types/pull_request.h"
#include "types/service.h"

namespace healer {

// Where a fix is made: the base commit of a repository and what its owners allow there.
struct RepositoryBase {
  RepositoryRef ref;
  std::string branch, sha;
  RepositoryRules rules;
};

struct WorkbenchOptions {
  CheckLimits check;
  Millis deploy_time_max{300'000};
  std::map<std::string, std::string> deploy_env;  // what a trusted deploy finds in its environment
};

// The hands of an incident's steps: repository, sandbox and forge behind the words of a fix. Every
// effect is looked up by its natural key first, so that repeating one is harmless. Blocking;
// thread-safe.
class Workbench {
 public:
  Workbench(GitMirrors& mirrors, Forge& forge, Executor& executor, std::vector<Playbook> playbooks,
            WorkbenchOptions options);

  Result<RepositoryBase> base(const RepositoryRef& repository);  // fetches
  Result<RepositoryBase> base_at(const RepositoryRef& repository, const std::string& branch,
                                 const std::string& sha);
  Result<bool> contains(const RepositoryRef& repository, const std::string& commit,
                        const std::string& ancestor);

  // `service` picks the folder of the repository that may be touched.
  Result<PlanResult> plan(const Finding& finding, const RepositoryBase& base);
  Result<Patch> patch(const Plan& plan, const RepositoryBase& base);
  // The owners' check on the broken and on the fixed tree, both in the sandbox.
  Result<Proven> prove(const Patch& patch, const RepositoryBase& base);

  // Commits on the base and pushes the incident's branch; returns the head. conflict: somebody else
  // pushed.
  Result<std::string> push(const RepositoryRef& repository, const IncidentRecord& record,
                           const Patch& patch);
  Result<PullRequest> open_pull(const RepositoryRef& repository, const IncidentRecord& record);
  Result<PullRequest> pull(const RepositoryRef& repository, const IncidentRecord& record);
  Result<void> add_review(const RepositoryRef& repository, const IncidentRecord& record);
  Result<std::string> merge(const RepositoryRef& repository,
                            const IncidentRecord& record);  // merge commit
  Result<std::string> revert(const RepositoryRef& repository,
                             const IncidentRecord& record);  // its pull request
  Result<void> say(const IncidentRecord& record, const std::string& text);
  Result<void> close_pull(const IncidentRecord& record, const std::string& text);
  // The owners' `deploy` argv at the merge commit.
  Result<void> deploy(const RepositoryRef& repository, const Incident& incident);

 private:
  GitMirrors& mirrors_;
  Forge& forge_;
  Executor& executor_;
  const std::vector<Playbook> playbooks_;
  const WorkbenchOptions options_;
  Prover prover_;
};

}  // namespace healer
