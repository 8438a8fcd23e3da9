#include "incident/flow.h"

#include <algorithm>

#include "base/log.h"
#include "incident/flow_step.h"
#include "types/json.h"

namespace healer {

bool is_transient(Errc code) {
  switch (code) {
    case Errc::busy:
    case Errc::timeout:
    case Errc::full:
    case Errc::io:
    case Errc::upstream:
    case Errc::cancelled: return true;
    default: return false;
  }
}

const Service* IncidentOptions::find(std::string_view name) const {
  const auto it = std::ranges::find(services, name, &Service::name);
  return it == services.end() || name.empty() ? nullptr : &*it;
}

void IncidentFlow::register_with(Engine& engine) {
  const auto step = [this](Body body) {
    return [this, body](StepContext& context) { return run(context, body); };
  };
  WorkflowKind kind;
  kind.steps = {{"decide", step(&IncidentFlow::decide_step)},
                {"consult", step(&IncidentFlow::consult_step)},
                {"plan", step(&IncidentFlow::plan_step)},
                {"agent", step(&IncidentFlow::agent_step)},
                {"twin", step(&IncidentFlow::twin_step)},
                {"prove", step(&IncidentFlow::prove_step)},
                {"publish", step(&IncidentFlow::publish_step)},
                {"push", step(&IncidentFlow::push_step)},
                {"review", step(&IncidentFlow::review_step)},
                {"merge", step(&IncidentFlow::merge_step)},
                {"person", step(&IncidentFlow::person_step)},
                {"deploy", step(&IncidentFlow::deploy_step)},
                {"await_deploy", step(&IncidentFlow::await_deploy_step)},
                {"watch", step(&IncidentFlow::watch_step)},
                {"revert", step(&IncidentFlow::revert_step)},
                {"deploy_revert", step(&IncidentFlow::deploy_revert_step)},
                {"lookout", step(&IncidentFlow::lookout_step)}};
  kind.on_event = [this](StepContext& context) { return on_event(context); };
  kind.on_failed = [this](StepContext& context) { return on_failed(context); };
  // About a minute and a half: a git host that restarts is no failed incident.
  kind.retry = {.attempts_max = 10, .first = Millis(250), .longest = Millis(30'000)};
  engine.add_kind(kKind, std::move(kind));
}

IncidentFlow::Step IncidentFlow::make_step(StepContext& context, IncidentRecord record) {
  // Its last step is committed, or will be run again: either way it claims nothing now.
  claims_.drop(record.incident.id);
  // The count columns move with every batch of records, without the workflow.
  if (auto row = world_.incidents.incident(record.incident.id); row && *row) {
    record.incident.count = (*row)->count;
    record.incident.last_seen = (*row)->last_seen;
  }
  const auto options = world_.options();
  const Service* service = options->find(record.incident.service);
  const IncidentStatus status = record.incident.status;
  std::string entered = to_json(record.incident);
  return {.context = context,
          .record = std::move(record),
          .options = options,
          .service = service,
          .announce = world_.announce,
          .now = context.wall_ms(),
          .also = {},
          .entered = std::move(entered),
          .entered_as = status};
}

StepResult IncidentFlow::run(StepContext& context, Body body) {
  auto record = from_json<IncidentRecord>(context.state());
  if (!record) return StepFailed{"the stored record cannot be read: " + record.error().message};
  Step step = make_step(context, std::move(*record));
  auto result = (this->*body)(step);
  if (result) return std::move(*result);
  const Error& error = result.error();
  log_event(LogLevel::warn, "incident_step_failed",
            {{"incident", context.workflow_id()},
             {"error", error.message},
             {"code", std::string(errc_name(error.code))}});
  if (is_transient(error.code)) return StepRetry{error.message, Millis(error.retry_after_ms)};
  return StepFailed{error.message};
}

StepResult IncidentFlow::on_event(StepContext& context) {
  auto record = from_json<IncidentRecord>(context.state());
  if (!record) return StepStay{context.state(), {}};
  Step step = make_step(context, std::move(*record));
  auto result = handle(step, context.event());
  if (result) return std::move(*result);
  if (is_transient(result.error().code))
    return StepRetry{result.error().message, Millis(result.error().retry_after_ms)};
  // An event that does not fit any more (approved twice, dismissed while merging) changes nothing.
  log_event(LogLevel::info, "incident_event_ignored",
            {{"incident", context.workflow_id()}, {"why", result.error().message}});
  return StepStay{context.state(), {}};
}

// A step that will never work ends in `failed` (before the merge) or leaves the truth unknown
// (after it); a revert that cannot be made leaves the incident as it is, and says so.
StepResult IncidentFlow::on_failed(StepContext& context) {
  auto record = from_json<IncidentRecord>(context.state());
  if (!record) return StepFailed{record.error().message};
  Step step = make_step(context, std::move(*record));
  Incident& incident = step.incident();
  const bool merged = has_merged(incident.status);
  for (const auto event :
       {IncidentEvent::fail, IncidentEvent::lose_sight, IncidentEvent::need_review}) {
    if (!can(incident.status, event) || (merged && event == IncidentEvent::fail)) continue;
    if (!step.move(event, context.reason())) continue;
    if (!incident.repository.empty()) step.fix_did_not_help();
    return step.done();
  }
  step.note(context.reason());
  if (incident.done) step.pull_ended();  // nothing more is seen of it
  return step.done();
}

}  // namespace healer
