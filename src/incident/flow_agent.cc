#include <fmt/format.h>

#include "incident/flow_step.h"

namespace healer {
namespace {

// How often an incident looks whether the agent that works for another one has ended.
constexpr Millis kPlacePoll{2'000};

}  // namespace

// Where no playbook fits: for serious, certain failures of repositories whose owners let agents in.
Result<bool> IncidentFlow::agent_may_try(const Step& step, const RepositoryBase& base) const {
  const Analysis& analysis = step.record.analysis;
  const Incident& incident = step.record.incident;
  if (world_.agent == nullptr || !base.rules.present || !base.rules.agent) return false;
  if (analysis.uncertain || analysis.confidence < step.policy().confidence_min) return false;
  if (incident.severity < Severity::high) return false;
  if (!step.record.request.empty()) return true;
  // No two of an agent's plans are the same: a person's no to one is a no to all, until the code
  // that it would have changed is another one.
  const auto code = TRY(world_.ledger.declined(incident.fingerprint, AgentBench::kPlaybook));
  return code.empty() || world_.workbench.code_at(base, code) != code;
}

Result<StepResult> IncidentFlow::agent_step(Step& step) {
  IncidentRecord& record = step.record;
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr || world_.agent == nullptr)
    return fail(Errc::not_found, "the service has no repository or healer no agent any more");
  const RepositoryBase base =
      TRY(world_.workbench.base_at(*repository, record.base_branch, record.base_sha));
  if (has_agents_plan(record)) {
    if (world_.workbench.patch(record.plan, base)) return take_plan(step, record.plan);
    TRY(step.move(IncidentEvent::need_review,
                  "the base moved, and the agent's change does not fit it any more"));
    step.fix_did_not_help();
    return step.done();
  }
  const Slots::Taken place = world_.agent->try_enter();
  if (!place) return step.wait("agent", step.now + kPlacePoll.count());
  auto work = world_.agent->work(record, base);
  if (!work && work.error().code == Errc::unsupported) {
    TRY(step.move(IncidentEvent::need_review,
                  "no playbook could fix it, and no agent can work here: " + work.error().message));
    return step.done();
  }
  auto made = TRY(std::move(work));
  if (const auto* refusal = std::get_if<Refusal>(&made)) {
    TRY(step.move(IncidentEvent::need_review,
                  "no playbook could fix it, and " + mask(refusal->because).str()));
    step.fix_did_not_help();
    return step.done();
  }
  record.agent_attempt = record.attempts + 1;
  return take_plan(step, std::get<Plan>(std::move(made)));
}

}  // namespace healer
