#include <fmt/format.h>

#include "incident/flow_step.h"

namespace healer {
namespace {

constexpr int kRebasesMax = 8;
// A merge that a brake holds looks again this often whether that is let go.
constexpr Millis kBrakePoll{30'000};

}  // namespace

ReviewPolicy review_policy(const RepositoryRules& rules, const Plan& plan) {
  return {.guarded = rules.guarded,
          .forbidden = rules.forbidden,
          .log_volume_incident = plan.log_volume};
}

std::string first_reason(const Review& review) {
  return review.reasons.empty() ? "the review is not green" : review.reasons.front();
}

std::string merges_as(const IncidentRecord& record) {
  return record.approved == record.incident.head_sha && !record.approved.empty()
             ? record.approved_by
             : "healer";
}

std::string why_merged(const IncidentRecord& record) {
  const std::string who = merges_as(record);
  return who == "healer" ? "merged by policy" : "merged, approved by " + who;
}

Result<StepResult> IncidentFlow::review_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");
  const RepositoryBase base =
      TRY(world_.workbench.base_at(*repository, record.base_branch, record.base_sha));
  const Patch patch = TRY(world_.workbench.patch(record.plan, base));
  record.review = review(patch, review_policy(base.rules, record.plan), incident.head_sha);
  TRY(step.context.intent("review " + incident.head_sha));
  TRY(world_.workbench.add_review(*repository, record));
  if (can(incident.status, IncidentEvent::review))
    TRY(step.move(IncidentEvent::review, fmt::format("{} says {}", record.review.reviewer,
                                                     to_string(record.review.verdict))));
  if (record.review.verdict != Verdict::approved) {
    TRY(step.move(IncidentEvent::need_review, first_reason(record.review)));
    step.fix_did_not_help();
    return step.done();
  }
  TRY(step.move(IncidentEvent::approve, fmt::format("{} approved {}", record.review.reviewer,
                                                    incident.head_sha.substr(0, 12))));
  return step.go_on("merge");
}

// Why only a person may merge it; empty: nothing is in the way.
Result<std::string> IncidentFlow::why_held(Step& step, bool person) {
  const IncidentRecord& record = step.record;
  if (record.review.verdict != Verdict::approved ||
      record.review.head_sha != step.incident().head_sha)
    return std::string("the review is not of this commit");
  if (person) return std::string();
  const IncidentView view = TRY(gather(step, Pulls::count));
  const Autonomy autonomy = allowed_autonomy(to_finding(record), view, step.policy(), step.now);
  if (autonomy < Autonomy::auto_merge) return fmt::format("autonomy is {}", to_string(autonomy));
  if (record.proof.kind != ProofKind::reproduced)
    return fmt::format("the proof is {}, not reproduced", to_string(record.proof.kind));
  if (record.review.guarded) return std::string("it touches a guarded path");
  return std::string();
}

Result<StepResult> IncidentFlow::merge_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  if (auto ended = TRY(look_at_pull(step))) return std::move(*ended);
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");

  const bool person = record.approved == incident.head_sha && !record.approved.empty();
  const std::string hold = TRY(why_held(step, person));
  if (!hold.empty()) {
    TRY(step.ask(incident.head_sha,
                 fmt::format("{}: approve commit {} to merge it", hold, incident.head_sha)));
    return step.go_on("person");
  }
  const bool storm =
      world_.storm.count(step.now, step.policy().storm_window) >= step.policy().storm_services;
  if (!person && (step.policy().kill_switch || storm)) {
    incident.because = storm ? "a storm holds the merge" : "the kill switch holds the merge";
    return step.wait("merge", step.now + kBrakePoll.count());
  }
  const RepositoryBase base = TRY(world_.workbench.base(*repository));
  if (base.sha != record.base_sha) return rebase(step, base);
  TRY(step.context.intent("merge " + incident.head_sha));
  const auto merge = world_.workbench.merge(*repository, record, merges_as(record));
  // Somebody pushed, closed or merged in this moment: the next look says what.
  if (!merge && merge.error().code == Errc::conflict)
    return StepResult(StepRetry{merge.error().message});
  if (!merge) return std::unexpected(merge.error());
  return merged(step, *merge, why_merged(record), "healer");
}

// The same change on the newer base, proven there again. Another change would be another proposal.
Result<StepResult> IncidentFlow::rebase(Step& step, const RepositoryBase& base) {
  IncidentRecord& record = step.record;
  if (++record.rebases > kRebasesMax) {
    TRY(step.move(IncidentEvent::need_review, "the base moved too often"));
    return step.done();
  }
  record.base_sha = base.sha;
  record.rebasing = true;
  TRY(step.move(
      IncidentEvent::start_fix,
      fmt::format("the base moved to {}: rebase and prove again", base.sha.substr(0, 12))));
  TRY(step.move(IncidentEvent::prove, step.incident().plan));
  return step.go_on("prove");
}

Result<StepResult> IncidentFlow::merged(Step& step, std::string merge_sha, std::string detail,
                                        std::string actor) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  incident.merge_sha = std::move(merge_sha);
  record.merged_at = step.now;
  TRY(step.move(IncidentEvent::merge, std::move(detail), std::move(actor)));
  step.pull_ended();
  for (const auto& edit : record.plan.edits)
    step.also.add(Ledger::setting_was_changed(incident.repository, edit.file, edit.path, step.now));
  return step.go_on("deploy");
}

}  // namespace healer
