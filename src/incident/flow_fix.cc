#include <fmt/format.h>

#include "incident/describe.h"
#include "incident/flow_step.h"
#include "types/json.h"

namespace healer {
namespace {

// How often an incident looks whether the one that makes the same change has ended.
constexpr Millis kTwinPoll{500};

std::string plans_of(const Choice& choice) {
  std::string out = choice.question;
  for (const auto& plan : choice.plans) out += fmt::format("\n- {}", describe(plan));
  return out;
}

}  // namespace

Result<StepResult> IncidentFlow::plan_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) {
    TRY(step.move(IncidentEvent::need_review, "healer.yaml names no repository for this service"));
    return step.done();
  }
  const RepositoryBase base = TRY(world_.workbench.base(*repository));
  incident.repository = repository->url;
  record.base_branch = base.branch;
  record.base_sha = base.sha;
  record.verify_min_ms = base.rules.verify_min.count();
  auto result = TRY(world_.workbench.plan(to_finding(record), base));
  if (const auto* refusal = std::get_if<Refusal>(&result)) {
    TRY(step.move(IncidentEvent::need_review, "no safe fix is known: " + refusal->because));
    return step.done();
  }
  if (const auto* choice = std::get_if<Choice>(&result)) {
    incident.plan = plans_of(*choice);
    TRY(step.move(IncidentEvent::need_review,
                  "several fixes are equally likely; a person must choose"));
    return step.done();
  }
  record.plan = std::get<Plan>(std::move(result));
  incident.plan = describe(record.plan);
  incident.plan_hash = plan_hash(record.plan);
  if (!record.plan.edits.empty()) incident.affected_file = record.plan.edits.front().file;
  if (const std::string owner = TRY(owner_of_plan(step)); !owner.empty()) {
    incident.parent = record.behind = owner;
    TRY(step.move(IncidentEvent::queue,
                  fmt::format("the same change is already being made for incident {}", owner)));
    return step.wait("twin", step.now + kTwinPoll.count());
  }
  step.also.add(Ledger::plan_taken(repository->url, incident.plan_hash, incident.id));
  TRY(step.move(IncidentEvent::prove, incident.plan));
  return step.go_on("prove");
}

// Another incident that carries out an equal plan now; empty if none does.
Result<std::string> IncidentFlow::owner_of_plan(Step& step) {
  const Incident& incident = step.incident();
  const std::string owner = TRY(world_.ledger.plan_owner(incident.repository, incident.plan_hash));
  if (owner.empty() || owner == incident.id) return std::string();
  const auto row = TRY(world_.incidents.incident(owner));
  return row && !row->done ? owner : std::string();
}

// Behind the incident that makes the same change: cured with it, or on its own again.
Result<StepResult> IncidentFlow::twin_step(Step& step) {
  Incident& incident = step.incident();
  const auto row = TRY(world_.incidents.incident(step.record.behind));
  if (row && !row->done) return step.wait("twin", step.now + kTwinPoll.count());
  step.record.behind.clear();
  if (!row) return step.go_on("decide");
  const Incident other = TRY(from_json<Incident>(row->body_json));
  if (!ended_well(other.status) ||
      TRY(seen_since(step, to_finding(step.record).fingerprint, other)) > 0)
    return step.go_on("decide");
  incident.deployed_sha = other.deployed_sha;
  incident.deployed_at = other.deployed_at;
  TRY(step.move(IncidentEvent::resolve,
                fmt::format("cured by the same change as incident {}", other.id)));
  return step.done();
}

Result<StepResult> IncidentFlow::prove_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");
  const RepositoryBase base =
      TRY(world_.workbench.base_at(*repository, record.base_branch, record.base_sha));
  const Patch patch = TRY(world_.workbench.patch(record.plan, base));
  incident.diff = mask(patch.diff).str();
  const Proven proven = TRY(world_.workbench.prove(patch, base));
  record.proof = proven.proof;
  incident.proof = to_string(proven.proof.kind);
  if (proven.regression) {
    TRY(step.move(IncidentEvent::need_review, "the proof refused it: " + proven.proof.detail));
    step.fix_did_not_help();
    return step.done();
  }
  return step.go_on("publish");
}

// Decides once more, now with the plan at hand, right before anything leaves this machine.
Result<StepResult> IncidentFlow::publish_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const bool has_pull = record.pr_number != 0;  // a rebase of a pull request that is already open
  const Decision decision = TRY(decide_now(step));
  if (has_pull) return push(step);
  switch (decision.action) {
    case Action::fix:
      if (decision.autonomy >= Autonomy::pull_request) return push(step);
      TRY(step.move(IncidentEvent::ask,
                    fmt::format("autonomy is {}: approve plan {} to open the pull request",
                                to_string(decision.autonomy), incident.plan_hash)));
      return step.wait("person", step.now + step.policy().approval_expires.count());
    case Action::ask:
      TRY(step.move(IncidentEvent::ask, decision.because));
      return step.wait("person", step.now + step.policy().approval_expires.count());
    case Action::wait:
      TRY(step.move(IncidentEvent::queue, decision.because));
      step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
      return step.wait("decide", decision.recheck_at);
    case Action::log:
    case Action::notify:
    case Action::notify_parent:
      step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
      TRY(step.move(IncidentEvent::need_review, decision.because));
      return step.done();
  }
  return fail(Errc::internal, "unknown action");
}

Result<StepResult> IncidentFlow::push(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");
  const RepositoryBase base =
      TRY(world_.workbench.base_at(*repository, record.base_branch, record.base_sha));
  const Patch patch = TRY(world_.workbench.patch(record.plan, base));
  const Intent intent = TRY(step.context.intent("push " + record.base_sha));
  record.commit_at = intent.at;
  incident.branch = branch_name(record);
  const std::string head = TRY(world_.workbench.push(*repository, record, patch));
  incident.head_sha = head;
  const PullRequest pull = TRY(world_.workbench.open_pull(*repository, record));
  record.pr_number = pull.number;
  incident.pr_url = pull.url;
  step.also.add(Ledger::pull_opened(repository->url, incident.id));
  TRY(step.move(IncidentEvent::open_pull_request,
                fmt::format("{} ({})", pull.url, incident.proof)));
  return step.go_on("review");
}

}  // namespace healer
