#pragma once
#include <functional>
#include <map>
#include <set>
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

// The folder of the repository that a fix of this service may touch; empty: all of it.
std::string service_path(const RepositoryBase& base, const std::string& service);

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
  // Whether what was deployed as `version` (commit_in()) has that commit in it.
  Result<bool> contains(const RepositoryRef& repository, const std::string& version,
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
  // The merge commit; `by`: in whose name.
  Result<std::string> merge(const RepositoryRef& repository, const IncidentRecord& record,
                            const std::string& by);
  struct Revert {
    std::string url, merge_sha;  // of its pull request; merge_sha is empty where a person merges
  };
  // conflict: what was merged since stands in the way.
  Result<Revert> revert(const RepositoryRef& repository, const IncidentRecord& record);
  // Closes what is open of the incident, with a comment.
  Result<void> close_pull(const IncidentRecord& record, const std::string& text);
  // The owners' `deploy` argv at that commit.
  Result<void> deploy(const RepositoryRef& repository, const Incident& incident,
                      const std::string& commit);

  bool hosted() const { return forge_.hosted(); }
  // Whether the plan's playbook knows the failure too.
  bool concerns(const Plan& plan, const Finding& finding) const;
  // The files that the plan touches, as they are at the base; changes when one of them does.
  std::string code_of(const RepositoryBase& base, const Plan& plan);
  // The same files at another base.
  std::string code_at(const RepositoryBase& base, const std::string& code);

 private:
  std::string code(const RepositoryBase& base, const std::set<std::string>& files);

  GitMirrors& mirrors_;
  Forge& forge_;
  Executor& executor_;
  const std::vector<Playbook> playbooks_;
  const WorkbenchOptions options_;
  Prover prover_;
};

}  // namespace healer
