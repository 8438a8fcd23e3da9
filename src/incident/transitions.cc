#include "incident/transitions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"

namespace healer {
namespace {

using enum IncidentStatus;
using E = IncidentEvent;

constexpr Transition kTransitions[] = {
    {detected, E::analyze, analyzed},
    {detected, E::fail, failed},

    {analyzed, E::log, logged},
    {analyzed, E::notify, notified},
    {analyzed, E::ask, awaiting_approval},
    {analyzed, E::queue, queued},
    {analyzed, E::resolve, resolved},
    {analyzed, E::fail, failed},

    {queued, E::start_fix, fixing},
    {queued, E::ask, awaiting_approval},
    {queued, E::notify, notified},
    {queued, E::log, logged},
    {queued, E::resolve, resolved},
    {queued, E::need_review, needs_review},
    {queued, E::fail, failed},

    {awaiting_approval, E::queue, queued},
    {awaiting_approval, E::open_pull_request, pr_open},
    {awaiting_approval, E::approve, approved},
    {awaiting_approval, E::merge, merged},
    {awaiting_approval, E::decline, declined},
    {awaiting_approval, E::resolve, resolved},
    {awaiting_approval, E::need_review, needs_review},
    {awaiting_approval, E::start_fix, fixing},

    {fixing, E::prove, proving},
    {fixing, E::queue, queued},  // behind another incident that changes the same
    {fixing, E::need_review, needs_review},
    {fixing, E::ask, awaiting_approval},
    {fixing, E::resolve, resolved},
    {fixing, E::fail, failed},

    {proving, E::open_pull_request, pr_open},
    {proving, E::ask, awaiting_approval},
    {proving, E::queue, queued},
    {proving, E::need_review, needs_review},
    {proving, E::resolve, resolved},
    {proving, E::fail, failed},

    {pr_open, E::review, in_review},
    {pr_open, E::merge, merged},
    {pr_open, E::decline, declined},
    {pr_open, E::resolve, resolved},
    {pr_open, E::need_review, needs_review},
    {pr_open, E::fail, failed},

    {in_review, E::approve, approved},
    {in_review, E::request_changes, changes_requested},
    {in_review, E::ask, awaiting_approval},
    {in_review, E::merge, merged},
    {in_review, E::decline, declined},
    {in_review, E::resolve, resolved},
    {in_review, E::need_review, needs_review},
    {in_review, E::fail, failed},

    {changes_requested, E::start_fix, fixing},
    {changes_requested, E::need_review, needs_review},

    {approved, E::merge, merged},
    {approved, E::ask, awaiting_approval},
    {approved, E::start_fix, fixing},  // the base moved: rebase and prove again
    {approved, E::decline, declined},
    {approved, E::resolve, resolved},
    {approved, E::need_review, needs_review},
    {approved, E::fail, failed},

    {merged, E::await_deploy, deploying},
    {deploying, E::watch, verifying},
    {deploying, E::lose_sight, unknown},
    {deploying, E::fail, failed},
    {verifying, E::heal, healed},
    {verifying, E::recur, recurred},
    {verifying, E::lose_sight, unknown},

    {recurred, E::revert, reverted},
    {recurred, E::retry, analyzed},
    {healed, E::revert, reverted},
    {unknown, E::revert, reverted},
    {unknown, E::retry, analyzed},
    {failed, E::retry, analyzed},
    {failed, E::merge, merged},
    {failed, E::decline, declined},
    {needs_review, E::retry, analyzed},
    {needs_review, E::merge, merged},
    {needs_review, E::decline, declined},
    {needs_review, E::resolve, resolved},
    {logged, E::retry, analyzed},
    {notified, E::retry, analyzed},
    {dismissed, E::retry, analyzed},
    {resolved, E::retry, analyzed},
    {declined, E::retry, analyzed},
    {reverted, E::retry, analyzed},

    {detected, E::dismiss, dismissed},
    {analyzed, E::dismiss, dismissed},
    {logged, E::dismiss, dismissed},
    {notified, E::dismiss, dismissed},
    {awaiting_approval, E::dismiss, dismissed},
    {queued, E::dismiss, dismissed},
    {fixing, E::dismiss, dismissed},
    {proving, E::dismiss, dismissed},
    {pr_open, E::dismiss, dismissed},
    {in_review, E::dismiss, dismissed},
    {approved, E::dismiss, dismissed},
    {needs_review, E::dismiss, dismissed},
    {failed, E::dismiss, dismissed},
    {unknown, E::dismiss, dismissed},
    {recurred, E::dismiss, dismissed},
};

constexpr IncidentStatus kDone[] = {logged,       notified, healed,   recurred,  unknown, failed,
                                    needs_review, declined, resolved, dismissed, reverted};

const Transition* find(IncidentStatus from, IncidentEvent event) {
  const auto* it = std::ranges::find_if(
      kTransitions, [&](const Transition& t) { return t.from == from && t.event == event; });
  return it == std::end(kTransitions) ? nullptr : it;
}

}  // namespace

std::span<const Transition> transitions() { return kTransitions; }

Result<void> apply(Incident& incident, IncidentEvent event, UnixMs now, std::string detail,
                   std::string actor) {
  const Transition* found = find(incident.status, event);
  if (found == nullptr)
    return fail(Errc::conflict, fmt::format("an incident that is {} cannot {}",
                                            to_string(incident.status), to_string(event)));
  incident.status = found->to;
  incident.done = is_done(found->to);
  incident.because = detail;
  incident.timeline.push_back(
      {.status = found->to, .at = now, .detail = std::move(detail), .actor = std::move(actor)});
  if (incident.timeline.size() > limits::kTimelineEntriesMax)
    incident.timeline.erase(incident.timeline.begin() + 1);
  return {};
}

void add_note(Incident& incident, UnixMs now, std::string detail, std::string actor) {
  if (incident.timeline.size() >= limits::kTimelineEntriesMax) return;
  incident.timeline.push_back({.status = incident.status,
                               .at = now,
                               .detail = std::move(detail),
                               .actor = std::move(actor)});
}

bool can(IncidentStatus status, IncidentEvent event) { return find(status, event) != nullptr; }

bool is_done(IncidentStatus status) { return std::ranges::find(kDone, status) != std::end(kDone); }

bool is_waiting_for_decision(IncidentStatus status) {
  return status == detected || status == analyzed || status == queued;
}

bool is_awaiting_person(IncidentStatus status) { return status == awaiting_approval; }

bool has_merged(IncidentStatus status) {
  return status == merged || status == deploying || status == verifying || status == healed ||
         status == recurred || status == unknown || status == reverted;
}

bool ended_well(IncidentStatus status) { return status == healed || status == resolved; }

bool ended_quietly(IncidentStatus status) { return status == logged || status == notified; }

bool is_told(IncidentStatus status) {
  return status == pr_open || status == merged || status == awaiting_approval ||
         (is_done(status) && status != logged && status != dismissed && status != resolved);
}

bool is_trouble(IncidentStatus status) {
  return status == failed || status == needs_review || status == recurred || status == unknown ||
         status == awaiting_approval;
}

std::string state_diagram() {
  std::string out = "stateDiagram-v2\n  [*] --> detected\n";
  for (const auto& t : kTransitions)
    out += fmt::format("  {} --> {}: {}\n", to_string(t.from), to_string(t.to), to_string(t.event));
  for (const auto status : kDone) out += fmt::format("  {} --> [*]\n", to_string(status));
  return out;
}

}  // namespace healer
