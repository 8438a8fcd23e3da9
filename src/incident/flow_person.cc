#include <fmt/format.h>

#include <algorithm>

#include "incident/flow_step.h"

namespace healer {
namespace {

// An open pull request that healer has nothing more to do with is looked at ever more rarely, and
// not for ever.
constexpr Millis kLookoutPollMax{600'000}, kLookoutMax{30 * 86'400'000LL};

}  // namespace

// The incident's pull request where it is open as far as healer knows.
Result<std::optional<PullRequest>> IncidentFlow::known_pull(Step& step) {
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr || !step.record.pull_open) return std::optional<PullRequest>{};
  return std::optional<PullRequest>(TRY(world_.workbench.pull(*repository, step.record)));
}

// A person who merged or closed the pull request meanwhile wins.
Result<IncidentFlow::Ended> IncidentFlow::ended_by_person(Step& step) {
  const auto pull = TRY(known_pull(step));
  return pull ? ended_with(step, *pull) : Result<Ended>(Ended{});
}

Result<IncidentFlow::Ended> IncidentFlow::ended_with(Step& step, const PullRequest& pull) {
  IncidentRecord& record = step.record;
  // A step that was cut off finds healer's own merge.
  if (pull.state == PullRequestState::merged && pull.merged_by == merges_as(record))
    return Ended(TRY(merged(step, pull.merge_sha, why_merged(record), "healer")));
  if (pull.state == PullRequestState::merged)
    return Ended(TRY(merged(step, pull.merge_sha, "merged by " + pull.merged_by, pull.merged_by)));
  if (pull.state == PullRequestState::open) return Ended{};
  const RepositoryBase base = TRY(
      world_.workbench.base_at(*fix_repository(step.service), record.base_branch, record.base_sha));
  TRY(step.move(IncidentEvent::decline, "a person closed the pull request"));
  step.also.add(Ledger::was_declined(record.incident.fingerprint, record.plan.playbook,
                                     world_.workbench.code_of(base, record.plan)));
  step.pull_ended();
  return Ended(step.done());
}

Result<IncidentFlow::Ended> IncidentFlow::look_at_pull(Step& step) {
  const auto pull = TRY(known_pull(step));
  if (!pull) return Ended{};
  if (auto ended = TRY(ended_with(step, *pull))) return Ended(std::move(*ended));
  if (pull->head_sha == step.record.pushed_sha) return Ended{};
  TRY(step.move(IncidentEvent::need_review,
                "a person pushed to the branch; healer stops writing to it"));
  return Ended(step.done());
}

// While a person is asked: looks at the pull request, and moves on when the time to answer is over.
Result<StepResult> IncidentFlow::person_step(Step& step) {
  IncidentRecord& record = step.record;
  // A forge that does not answer is asked again at the next look: that is nobody's failure.
  auto ended = look_at_pull(step);
  if (!ended && !is_transient(ended.error().code)) return std::unexpected(ended.error());
  if (ended && *ended) return std::move(**ended);
  const std::int64_t patience = step.policy().approval_expires.count();
  const auto contacts =
      step.service != nullptr ? step.service->contacts : std::vector<std::string>{};
  const auto asked = static_cast<std::size_t>(record.reminders);
  UnixMs expires = record.asked_at + patience * (record.reminders + 1);
  if (step.now >= expires && asked >= contacts.size()) {
    TRY(step.move(IncidentEvent::need_review, "nobody answered in time"));
    return step.done();
  }
  if (step.now >= expires) {
    ++record.reminders;
    expires += patience;
    step.note(fmt::format("nobody answered within {}; now {} is asked: approve {}",
                          format_duration(step.policy().approval_expires), contacts[asked],
                          step.incident().asks_for));
  }
  if (!record.pull_open) return step.wait("person", expires);
  return step.wait("person", std::min(expires, step.now + step.options->poll_pulls.count()));
}

// An incident that has ended, but not for good: its pull request is still open, or a brake or the
// cool-down is all that stops its next fix.
Result<StepResult> IncidentFlow::lookout_step(Step& step) {
  const Incident& incident = step.incident();
  if (step.record.pull_open) {
    auto ended = look_after_pull(step);
    if (!ended && !is_transient(ended.error().code)) return std::unexpected(ended.error());
    if (ended && *ended) return std::move(**ended);
    const Millis waited(step.now - incident.timeline.back().at);
    const auto poll = std::clamp(waited / 10, step.options->poll_pulls, kLookoutPollMax);
    return step.wait("lookout", step.now + poll.count());
  }
  const auto decided = decide_now(step);
  if (!decided && is_transient(decided.error().code))
    return step.wait("lookout", step.now + kLookoutPollMax.count());
  const Decision decision = TRY(decided);
  const bool fails_still = step.now - incident.last_seen <= step.policy().persist_window.count() ||
                           step.record.alert_firing;
  const bool stopped = decision.action != Action::fix && decision.action != Action::ask;
  if (!fails_still || (stopped && decision.recheck_at == 0)) return step.done();
  if (decision.action == Action::notify_parent)
    world_.storm.join(incident.id, step.now, step.policy().storm_window);
  if (stopped) return step.wait("lookout", decision.recheck_at);
  if (TRY(goes_on_elsewhere(step))) return step.done();
  TRY(step.move(IncidentEvent::retry, decision.because));
  start_over(step.record);
  return step.go_on("decide");
}

// Its row must not open again beside another open one of the same failure.
Result<bool> IncidentFlow::goes_on_elsewhere(Step& step) {
  const auto open = TRY(world_.incidents.open_incident(to_finding(step.record).fingerprint));
  return open && open->id != step.incident().id;
}

Result<IncidentFlow::Ended> IncidentFlow::look_after_pull(Step& step) {
  const Millis waited(step.now - step.incident().timeline.back().at);
  const auto pull = TRY(known_pull(step));
  if (waited > kLookoutMax || !pull) {
    step.pull_ended();
    return Ended(step.done());
  }
  if (!TRY(goes_on_elsewhere(step))) return ended_with(step, *pull);
  if (pull->state == PullRequestState::open) return Ended{};
  step.note(fmt::format("its pull request was {}; a newer incident of this failure goes on",
                        to_string(pull->state)));
  step.pull_ended();
  return Ended(step.done());
}

}  // namespace healer
