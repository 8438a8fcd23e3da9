#include <fmt/format.h>

#include "incident/commands.h"
#include "incident/flow_step.h"
#include "types/incident_signal.h"
#include "types/json.h"

namespace healer {
namespace {

bool waits_for_decision(const IncidentRecord& record) {
  return is_waiting_for_decision(record.incident.status) && record.behind.empty();
}

}  // namespace

Result<StepResult> IncidentFlow::on_alert(Step& step, const IncidentSignal& signal) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  // Its sender says the same again from time to time; that is no news.
  if (record.alert_firing != signal.firing) record.alert_changed_at = signal.at;
  record.alert_firing = signal.firing;
  if (waits_for_decision(record)) return step.go_on("decide");
  if (signal.firing || !can(incident.status, IncidentEvent::resolve)) return step.stay();
  if (auto ended = TRY(ended_by_person(step))) return std::move(*ended);
  TRY(step.move(IncidentEvent::resolve, "the alert was resolved without this fix"));
  TRY(world_.workbench.close_pull(
      record, "The alert was resolved before this was merged; healer stops working on it."));
  step.pull_ended();
  return step.done();
}

Result<StepResult> IncidentFlow::on_approve(Step& step, const IncidentSignal& signal) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  if (!is_awaiting_person(incident.status))
    return fail(Errc::conflict, "it does not wait for an approval");
  if (signal.subject.empty() || signal.subject != incident.asks_for)
    return fail(Errc::conflict, "the approval names something that moved");
  record.approved = signal.subject;
  record.approved_by = signal.actor;
  record.approved_at = step.now;
  const std::string because =
      fmt::format("approved by {}{}{}", signal.actor, signal.why.empty() ? "" : ": ", signal.why);
  if (signal.subject == incident.head_sha) {
    TRY(step.move(IncidentEvent::approve, because, signal.actor));
    return step.go_on("merge");
  }
  TRY(step.move(IncidentEvent::queue, because, signal.actor));
  return step.go_on("decide");
}

Result<StepResult> IncidentFlow::on_dismiss(Step& step, const IncidentSignal& signal) {
  if (!can(step.incident().status, IncidentEvent::dismiss))
    return fail(Errc::conflict, "it cannot be dismissed any more");
  if (auto ended = TRY(ended_by_person(step))) return std::move(*ended);
  TRY(step.move(IncidentEvent::dismiss, signal.why.empty() ? "dismissed" : signal.why,
                signal.actor));
  TRY(world_.workbench.close_pull(step.record, fmt::format("Dismissed by {}.", signal.actor)));
  step.pull_ended();
  return step.done();
}

Result<StepResult> IncidentFlow::handle(Step& step, const std::string& event) {
  const auto signal = TRY(from_json<IncidentSignal>(event));
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  switch (signal.kind) {
    case SignalKind::seen:
      record.newest_record = signal.at;
      if (signal.written.ms != 0) record.record_time = signal.written;
      if (waits_for_decision(record)) return step.go_on("decide");
      return step.stay();
    case SignalKind::alert: return on_alert(step, signal);
    case SignalKind::approve: return on_approve(step, signal);
    case SignalKind::dismiss: return on_dismiss(step, signal);
    case SignalKind::deploy:
      if (!can(incident.status, IncidentEvent::watch)) return step.stay();
      return step.go_on("await_deploy");
    case SignalKind::fix:
      if (is_awaiting_person(incident.status))
        return fail(Errc::conflict, "it waits for an approval");
      if (!incident.done) {
        record.request = "api";
        return waits_for_decision(record) ? step.go_on("decide") : step.stay();
      }
      [[fallthrough]];
    case SignalKind::retry:
      TRY(step.move(IncidentEvent::retry, signal.why.empty() ? "asked to try again" : signal.why,
                    signal.actor));
      start_over(record);
      record.request = "api";
      return step.go_on("decide");
    case SignalKind::revert:
      if (!can(incident.status, IncidentEvent::revert))
        return fail(Errc::conflict, "there is nothing to revert");
      return step.go_on("revert");
    case SignalKind::edit:
    case SignalKind::report: apply_edit(incident, signal, step.now); break;
  }
  return step.stay();
}

}  // namespace healer
