#include <fmt/format.h>

#include "incident/flow_step.h"
#include "stages/review/review.h"

namespace healer {
namespace {

constexpr int kRebasesMax = 8;

}  // namespace

Result<StepResult> IncidentFlow::review_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");
  const RepositoryBase base =
      TRY(world_.workbench.base_at(*repository, record.base_branch, record.base_sha));
  const Patch patch = TRY(world_.workbench.patch(record.plan, base));
  const ReviewPolicy rules{.guarded = base.rules.guarded,
                           .forbidden = base.rules.forbidden,
                           .log_volume_incident = record.plan.log_volume};
  record.review = review(patch, rules, incident.head_sha);
  TRY(step.context.intent("review " + incident.head_sha));
  TRY(world_.workbench.add_review(*repository, record));
  if (can(incident.status, IncidentEvent::review))
    TRY(step.move(IncidentEvent::review, fmt::format("{} says {}", record.review.reviewer,
                                                     to_string(record.review.verdict))));
  if (record.review.verdict != Verdict::approved) {
    const std::string why =
        record.review.reasons.empty() ? "the review is not green" : record.review.reasons.front();
    TRY(step.move(IncidentEvent::need_review, why));
    step.fix_did_not_help();
    return step.done();
  }
  TRY(step.move(IncidentEvent::approve, fmt::format("{} approved {}", record.review.reviewer,
                                                    incident.head_sha.substr(0, 12))));
  return step.go_on("merge");
}

// What people did to the pull request meanwhile wins: then the answer is how the step ends.
Result<std::optional<StepResult>> IncidentFlow::look_at_pull(Step& step) {
  using Ended = std::optional<StepResult>;
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr || record.pr_number == 0) return Ended{};
  const auto pull = TRY(world_.workbench.pull(*repository, record));
  if (pull.state == PullRequestState::merged)
    return Ended(
        TRY(merged(step, pull.merge_sha, step.now, "merged by " + pull.merged_by, pull.merged_by)));
  if (pull.state == PullRequestState::closed) {
    TRY(step.move(IncidentEvent::decline, "a person closed the pull request"));
    step.also.add(
        Ledger::was_declined(incident.fingerprint, record.plan.playbook, incident.plan_hash));
    step.also.add(Ledger::pull_ended(incident.repository, incident.id));
    step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
    return Ended(step.done());
  }
  if (pull.head_sha == incident.head_sha) return Ended{};
  TRY(step.move(IncidentEvent::need_review,
                "a person pushed to the branch; healer stops writing to it"));
  step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
  return Ended(step.done());
}

Result<StepResult> IncidentFlow::merge_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  if (auto ended = TRY(look_at_pull(step))) return std::move(*ended);
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");

  const bool person = record.approved == incident.head_sha && !record.approved.empty();
  const IncidentView view = TRY(gather(step));
  const Autonomy autonomy = allowed_autonomy(to_finding(record), view, step.policy(), step.now);
  std::string hold;
  if (record.review.verdict != Verdict::approved || record.review.head_sha != incident.head_sha)
    hold = "the review is not of this commit";
  else if (!person && step.policy().kill_switch)
    hold = "the kill switch is on";
  else if (!person && autonomy < Autonomy::auto_merge)
    hold = fmt::format("autonomy is {}", to_string(autonomy));
  else if (!person && record.proof.kind != ProofKind::reproduced)
    hold = fmt::format("the proof is {}, not reproduced", to_string(record.proof.kind));
  else if (!person && record.review.guarded)
    hold = "it touches a guarded path";
  if (!hold.empty()) {
    TRY(step.move(IncidentEvent::ask,
                  fmt::format("{}: approve commit {} to merge it", hold, incident.head_sha)));
    return step.wait("person", step.now + step.options->poll_pulls.count());
  }
  const RepositoryBase base = TRY(world_.workbench.base(*repository));
  if (base.sha != record.base_sha) {
    if (++record.rebases > kRebasesMax) {
      TRY(step.move(IncidentEvent::need_review, "the base moved too often"));
      step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
      return step.done();
    }
    TRY(step.move(
        IncidentEvent::start_fix,
        fmt::format("the base moved to {}: rebase and prove again", base.sha.substr(0, 12))));
    return step.go_on("plan");
  }
  TRY(step.context.intent("merge " + incident.head_sha));
  const std::string merge = TRY(world_.workbench.merge(*repository, record));
  return merged(step, merge, step.now,
                person ? "merged, approved by " + record.approved_by : "merged by policy",
                "healer");
}

Result<StepResult> IncidentFlow::merged(Step& step, std::string merge_sha, UnixMs at,
                                        std::string detail, std::string actor) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  incident.merge_sha = std::move(merge_sha);
  record.merged_at = at;
  TRY(step.move(IncidentEvent::merge, std::move(detail), std::move(actor)));
  step.also.add(Ledger::pull_ended(incident.repository, incident.id));
  for (const auto& edit : record.plan.edits)
    step.also.add(Ledger::setting_was_changed(incident.repository, edit.file, edit.path, at));
  return step.go_on("deploy");
}

// While a person is asked: looks at the pull request, and moves on when the time to answer is over.
Result<StepResult> IncidentFlow::person_step(Step& step) {
  IncidentRecord& record = step.record;
  if (auto ended = TRY(look_at_pull(step))) return std::move(*ended);
  const UnixMs asked =
      step.incident().timeline.empty() ? step.now : step.incident().timeline.back().at.ms;
  const UnixMs expires = asked + step.policy().approval_expires.count() * (record.reminders + 1);
  if (step.now < expires) {
    const UnixMs poll =
        record.pr_number != 0 ? step.now + step.options->poll_pulls.count() : expires;
    return step.wait("person", std::min(poll, expires));
  }
  const std::size_t contacts = step.service != nullptr ? step.service->contacts.size() : 0;
  if (static_cast<std::size_t>(record.reminders) < contacts) {
    ++record.reminders;
    for (auto& row : world_.announce(step.incident(), step.now))
      step.also.add(PutOutbox{std::move(row)});
    return step.wait("person", step.now + step.policy().approval_expires.count());
  }
  TRY(step.move(IncidentEvent::need_review, "nobody answered in time"));
  step.also.add(Ledger::plan_released(step.incident().repository, step.incident().plan_hash));
  return step.done();
}

}  // namespace healer
