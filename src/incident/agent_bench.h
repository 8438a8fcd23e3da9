#pragma once
#include <functional>
#include <string>
#include <variant>

#include "incident/slots.h"
#include "incident/workbench.h"
#include "ports/agent/agent.h"
#include "ports/forge/git.h"

namespace healer {

struct AgentBenchOptions {
  AgentLimits limits;
  int concurrent_max = 1;
};

// Where a coding agent works: it gets the tree of the base commit in a folder of its own, and what
// it leaves there is read back, guarded and made a plan of ours. Blocking; thread-safe.
class AgentBench {
 public:
  static constexpr const char* kPlaybook = "agent";  // Plan::playbook of what agents made

  AgentBench(GitMirrors& mirrors, Agent& agent, AgentBenchOptions options);

  // Empty where as many agents work as may at once; held while work() runs.
  Slots::Taken try_enter() { return slots_.try_take(); }

  // A plan that make_patch can carry out on that base again and again, or why there is none. Errors
  // are the agent's port's and the mirror's: nothing was started, or it was cancelled.
  Result<std::variant<Plan, Refusal>> work(const IncidentRecord& record,
                                           const RepositoryBase& base);

 private:
  std::variant<Plan, Refusal> judge(const IncidentRecord& record, const RepositoryBase& base,
                                    std::vector<SettingEdit> edits) const;
  std::optional<std::string> read(const RepositoryBase& base, const std::string& path) const;

  GitMirrors& mirrors_;
  Agent& agent_;
  const AgentBenchOptions options_;
  Slots slots_;
};

// True where an agent made the plan at hand in this attempt: after an approval or on a base that
// moved, the same change is made once more instead of another one.
bool has_agents_plan(const IncidentRecord& record);

}  // namespace healer
