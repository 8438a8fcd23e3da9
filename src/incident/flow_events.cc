#include <fmt/format.h>

#include "incident/commands.h"
#include "incident/flow_step.h"
#include "types/incident_signal.h"
#include "types/json.h"

namespace healer {
namespace {

// Stays where it is: the state is kept, the step that waits or runs next is the same.
StepResult stay(const IncidentRecord& record, WriteBatch also) {
  return StepStay{to_json(record), std::move(also)};
}

bool waits_for_decision(const IncidentRecord& record) {
  return is_waiting_for_decision(record.incident.status) && record.behind.empty();
}

}  // namespace

Result<StepResult> IncidentFlow::on_alert(Step& step, const IncidentSignal& signal) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  record.alert_firing = signal.firing;
  record.alert_changed_at = signal.at;
  if (waits_for_decision(record)) return step.go_on("decide");
  if (signal.firing || !can(incident.status, IncidentEvent::resolve)) return stay(record, {});
  TRY(step.move(IncidentEvent::resolve, "the alert was resolved without this fix"));
  TRY(world_.workbench.say(
      record, "The alert was resolved before this was merged; healer stops working on it."));
  step.also.add(Ledger::pull_ended(incident.repository, incident.id));
  step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
  return step.done();
}

Result<StepResult> IncidentFlow::on_approve(Step& step, const IncidentSignal& signal) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  if (!is_awaiting_person(incident.status))
    return fail(Errc::conflict, "it does not wait for an approval");
  if (signal.subject.empty() ||
      (signal.subject != incident.head_sha && signal.subject != incident.plan_hash))
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
  const IncidentRecord& record = step.record;
  const Incident& incident = step.incident();
  TRY(step.move(IncidentEvent::dismiss, signal.why.empty() ? "dismissed" : signal.why,
                signal.actor));
  TRY(world_.workbench.close_pull(record, fmt::format("Dismissed by {}.", signal.actor)));
  if (!incident.repository.empty()) {
    step.also.add(Ledger::pull_ended(incident.repository, incident.id));
    step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
  }
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
      return stay(record, {});
    case SignalKind::alert: return on_alert(step, signal);
    case SignalKind::approve: return on_approve(step, signal);
    case SignalKind::dismiss: return on_dismiss(step, signal);
    case SignalKind::deploy:
      if (!can(incident.status, IncidentEvent::watch)) return stay(record, {});
      return step.go_on("await_deploy");
    case SignalKind::fix:
      record.request = "api";
      if (waits_for_decision(record)) return step.go_on("decide");
      return stay(record, {});
    case SignalKind::retry:
      TRY(step.move(IncidentEvent::retry, signal.why.empty() ? "asked to try again" : signal.why,
                    signal.actor));
      record.request = "api";
      return step.go_on("decide");
    case SignalKind::revert:
      if (!can(incident.status, IncidentEvent::revert))
        return fail(Errc::conflict, "there is nothing to revert");
      return step.go_on("revert");
    case SignalKind::edit:
    case SignalKind::report: apply_edit(incident, signal, step.now); break;
  }
  step.also.add(PutIncident{.row = to_row(incident), .expected = kAnyVersion});
  return stay(record, std::move(step.also));
}

}  // namespace healer
