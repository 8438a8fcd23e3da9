#include <fmt/format.h>

#include "incident/describe.h"
#include "incident/flow_step.h"
#include "stages/review/review.h"
#include "types/json.h"

namespace healer {
namespace {

// How often an incident looks whether the one that changes the same has ended: ever more rarely.
constexpr Millis kTwinPoll{500}, kTwinPollMax{30'000};

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
  step.release_settings();
  incident.repository = repository->url;
  record.base_branch = base.branch;
  record.base_sha = base.sha;
  record.verify_min_ms = base.rules.verify_min.count();
  auto result = TRY(world_.workbench.plan(to_finding(record), base));
  if (auto ended = TRY(without_plan(step, base, result))) return std::move(*ended);
  return take_plan(step, std::get<Plan>(std::move(result)));
}

Result<StepResult> IncidentFlow::take_plan(Step& step, Plan plan) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  record.plan = std::move(plan);
  incident.plan = describe(record.plan);
  incident.plan_hash = plan_hash(record.plan);
  if (!record.plan.edits.empty()) incident.affected_file = record.plan.edits.front().file;
  if (const std::string owner = TRY(take_settings(step)); !owner.empty()) {
    const auto row = TRY(world_.incidents.incident(owner));
    if (!row || !row->done)
      return wait_behind(step, owner, fmt::format("incident {} already changes this", owner));
    incident.parent = owner;
    TRY(step.move(IncidentEvent::need_review,
                  fmt::format("the change is in the pull request of incident {}, which waits for "
                              "a person",
                              owner)));
    return step.done();
  }
  TRY(step.move(IncidentEvent::prove, incident.plan));
  return step.go_on("prove");
}

// What is left to do where there is no one plan.
Result<IncidentFlow::Ended> IncidentFlow::without_plan(Step& step, const RepositoryBase& base,
                                                       const PlanResult& result) {
  const auto* refusal = std::get_if<Refusal>(&result);
  const auto* choice = std::get_if<Choice>(&result);
  if (refusal == nullptr && choice == nullptr) return Ended{};
  if (const std::string cure = TRY(cure_under_way(step)); !cure.empty())
    return Ended(TRY(wait_behind(
        step, cure, fmt::format("a fix of incident {} may cure this too: it comes first", cure))));
  if (refusal != nullptr && TRY(agent_may_try(step, base))) {
    if (!has_agents_plan(step.record)) step.remark("no playbook could fix it: the agent's turn");
    return Ended(step.go_on("agent"));
  }
  if (refusal != nullptr) {
    TRY(step.move(IncidentEvent::need_review, "no safe fix is known: " + refusal->because));
  } else {
    step.incident().plan = plans_of(*choice);
    TRY(step.move(IncidentEvent::need_review,
                  "several fixes are equally likely; a person must choose"));
  }
  return Ended(step.done());
}

// Takes the settings that the plan changes; who has one of them, if not this incident.
Result<std::string> IncidentFlow::take_settings(Step& step) {
  const std::string& id = step.incident().id;
  const auto keys = Ledger::setting_keys(step.incident().repository, step.record.plan);
  for (const auto& key : keys) {
    std::string holder = claims_.take(key, id);
    if (holder == id) holder = TRY(world_.ledger.holder(key));
    if (holder.empty() || holder == id) continue;
    claims_.drop(id);
    return holder;
  }
  step.take_settings(keys);
  return std::string();
}

// A fix of this service that is merged, but did not run where this failure came from.
Result<std::string> IncidentFlow::cure_under_way(Step& step) {
  IncidentQuery query;
  query.service = step.incident().service;
  query.category = to_string(step.incident().category);
  query.done = false;
  for (const auto& row : TRY(world_.incidents.incidents(query)).rows) {
    if (row.id == step.incident().id) continue;
    const Incident other = TRY(from_json<Incident>(row.body_json));
    if (!has_merged(other.status) || other.repository != step.incident().repository) continue;
    const std::string& version = step.record.version;
    if (other.deployed_at.ms == 0 || (!version.empty() && !TRY(carries(step, version, other))))
      return other.id;
  }
  return std::string();
}

Result<StepResult> IncidentFlow::wait_behind(Step& step, const std::string& owner,
                                             std::string because) {
  step.incident().parent = step.record.behind = owner;
  TRY(step.move(IncidentEvent::queue, std::move(because)));
  return step.wait("twin", step.now + kTwinPoll.count());
}

// Behind the incident that makes the same change: cured with it, or on its own again.
Result<StepResult> IncidentFlow::twin_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const auto row = TRY(world_.incidents.incident(record.behind));
  if (row && !row->done) {
    const Millis waited(step.now - incident.timeline.back().at);
    return step.wait("twin", step.now + std::clamp(waited / 20, kTwinPoll, kTwinPollMax).count());
  }
  record.behind.clear();
  if (!row) return step.go_on("decide");
  const Incident other = TRY(from_json<Incident>(row->body_json));
  if (ended_well(other.status) && other.deployed_at.ms != 0 &&
      TRY(seen_since(step, to_finding(record).fingerprint, other)) == 0) {
    incident.deployed_sha = other.deployed_sha;
    incident.deployed_at = other.deployed_at;
    TRY(step.move(IncidentEvent::resolve,
                  fmt::format("cured by the same change as incident {}", other.id)));
    return step.done();
  }
  // A person who declined that change is not shown it again for another name of the failure.
  if (const auto code = TRY(world_.ledger.declined(other.fingerprint, record.plan.playbook));
      !code.empty())
    step.also.add(Ledger::was_declined(incident.fingerprint, record.plan.playbook, code));
  return step.go_on("decide");
}

Result<StepResult> IncidentFlow::prove_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");
  const RepositoryBase base =
      TRY(world_.workbench.base_at(*repository, record.base_branch, record.base_sha));
  const auto patch = world_.workbench.patch(record.plan, base);
  if (!patch && record.rebasing) {
    TRY(step.move(
        IncidentEvent::need_review,
        "the base moved, and the change does not fit any more: " + patch.error().message));
    return step.done();
  }
  if (!patch) return std::unexpected(patch.error());
  incident.diff = mask(patch->diff).str();
  // Before anything runs or leaves: what the diff guard refuses is no proposal.
  const Review guard = review(*patch, review_policy(base.rules, record.plan), "");
  if (guard.verdict != Verdict::approved) {
    TRY(step.move(IncidentEvent::need_review, "the diff guard refused it: " + first_reason(guard)));
    step.fix_did_not_help();
    return step.done();
  }
  const Proven proven = TRY(world_.workbench.prove(*patch, base));
  // An approval is of a proven change: it stays with one that is proven as well on the newer base.
  if (record.rebasing && proven.proof.kind < record.proof.kind) record.approved.clear();
  record.proof = proven.proof;
  incident.proof = to_string(proven.proof.kind);
  if (proven.regression) {
    TRY(step.move(IncidentEvent::need_review, "the proof refused it: " + proven.proof.detail));
    step.fix_did_not_help();
    return step.done();
  }
  return step.go_on("publish");
}

// Decides once more, now with the plan at hand, right before anything leaves this machine. What is
// allowed is committed before it is done: a step that was cut off is gone through with.
Result<StepResult> IncidentFlow::publish_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  if (record.rebasing) return step.go_on("push");
  const Decision decision = TRY(decide_now(step, Pulls::claim));
  const bool may_push = decision.autonomy >= Autonomy::pull_request;
  switch (decision.action) {
    case Action::fix:
      if (may_push) {
        step.also.add(Ledger::pull_opened(incident.repository, incident.id));
        return step.go_on("push");
      }
      TRY(step.ask(incident.plan_hash,
                   fmt::format("autonomy is {}: approve plan {} to open the pull request",
                               to_string(decision.autonomy), incident.plan_hash)));
      return step.go_on("person");
    case Action::ask:
      TRY(step.ask(incident.plan_hash, fmt::format("{}: approve plan {} to open the pull request",
                                                   decision.because, incident.plan_hash)));
      return step.go_on("person");
    case Action::wait:
      TRY(step.move(IncidentEvent::queue, decision.because));
      step.release_settings();
      return step.wait("decide", decision.recheck_at);
    case Action::log:
    case Action::notify:
    case Action::notify_parent:
      // It is not to be fixed after all: decide_step says how it ends.
      TRY(step.move(IncidentEvent::queue, decision.because));
      return step.go_on("decide");
  }
  return fail(Errc::internal, "unknown action");
}

Result<StepResult> IncidentFlow::push_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  if (auto ended = TRY(ended_by_person(step))) return std::move(*ended);
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");
  const RepositoryBase base =
      TRY(world_.workbench.base_at(*repository, record.base_branch, record.base_sha));
  const Patch patch = TRY(world_.workbench.patch(record.plan, base));
  const Intent intent = TRY(step.context.intent("push " + record.base_sha));
  record.commit_at = intent.at;
  incident.branch = branch_name(record);
  const auto head = world_.workbench.push(*repository, record, patch);
  if (!head && head.error().code == Errc::conflict) {
    TRY(step.move(
        IncidentEvent::need_review,
        fmt::format("somebody else pushed to {}; healer stops writing to it", incident.branch)));
    return step.done();
  }
  if (!head) return std::unexpected(head.error());
  // The approved change on a newer base is the approved change.
  if (record.rebasing && !record.approved.empty() && record.approved == record.pushed_sha)
    record.approved = *head;
  record.rebasing = false;
  record.pushed_sha = incident.head_sha = *head;
  const PullRequest pull = TRY(world_.workbench.open_pull(*repository, record));
  record.pr_number = pull.number;
  record.pull_open = true;
  incident.pr_url = pull.url;
  TRY(step.move(IncidentEvent::open_pull_request,
                fmt::format("{} ({})", pull.url, incident.proof)));
  return step.go_on("review");
}

}  // namespace healer
