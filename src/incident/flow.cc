#include "incident/flow.h"

#include <algorithm>

#include "base/log.h"
#include "incident/flow_step.h"
#include "types/json.h"

namespace healer {
namespace {

// Worth another try: the world may be different in a while. The rest never works by repeating.
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

}  // namespace

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
                {"plan", step(&IncidentFlow::plan_step)},
                {"twin", step(&IncidentFlow::twin_step)},
                {"prove", step(&IncidentFlow::prove_step)},
                {"publish", step(&IncidentFlow::publish_step)},
                {"review", step(&IncidentFlow::review_step)},
                {"merge", step(&IncidentFlow::merge_step)},
                {"person", step(&IncidentFlow::person_step)},
                {"deploy", step(&IncidentFlow::deploy_step)},
                {"await_deploy", step(&IncidentFlow::await_deploy_step)},
                {"watch", step(&IncidentFlow::watch_step)},
                {"revert", step(&IncidentFlow::revert_step)}};
  kind.on_event = [this](StepContext& context) { return on_event(context); };
  kind.on_failed = [this](StepContext& context) { return on_failed(context); };
  kind.retry = {.attempts_max = 6, .first = Millis(250), .longest = Millis(30'000)};
  engine.add_kind(kKind, std::move(kind));
}

StepResult IncidentFlow::run(StepContext& context, Body body) {
  auto record = from_json<IncidentRecord>(context.state());
  if (!record) return StepFailed{"the stored record cannot be read: " + record.error().message};
  const auto options = world_.options();
  Step step{.context = context,
            .record = std::move(*record),
            .options = options,
            .service = nullptr,
            .announce = world_.announce,
            .now = context.wall_ms(),
            .also = {},
            .entered_as = IncidentStatus::detected};
  step.entered_as = step.record.incident.status;
  step.service = options->find(step.record.incident.service);
  // The count columns move with every batch of records, without the workflow.
  if (auto row = world_.incidents.incident(step.record.incident.id); row && *row) {
    step.record.incident.count = (*row)->count;
    step.record.incident.last_seen = (*row)->last_seen;
  }
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
  const std::string event = context.event();
  auto record = from_json<IncidentRecord>(context.state());
  if (!record) return StepStay{context.state(), {}};
  const auto options = world_.options();
  Step step{.context = context,
            .record = std::move(*record),
            .options = options,
            .service = options->find(record->incident.service),
            .announce = world_.announce,
            .now = context.wall_ms(),
            .also = {},
            .entered_as = IncidentStatus::detected};
  step.service = options->find(step.record.incident.service);
  step.entered_as = step.record.incident.status;
  auto result = handle(step, event);
  if (result) return std::move(*result);
  // An event that does not fit any more (approved twice, dismissed while merging) changes nothing.
  log_event(LogLevel::info, "incident_event_ignored",
            {{"incident", context.workflow_id()}, {"why", result.error().message}});
  return StepStay{context.state(), {}};
}

// A step that will never work ends in `failed` (before the merge) or leaves the truth unknown
// (after it).
StepResult IncidentFlow::on_failed(StepContext& context) {
  auto record = from_json<IncidentRecord>(context.state());
  if (!record) return StepFailed{record.error().message};
  Step step{.context = context,
            .record = std::move(*record),
            .options = world_.options(),
            .service = nullptr,
            .announce = world_.announce,
            .now = context.wall_ms(),
            .also = {},
            .entered_as = IncidentStatus::detected};
  step.entered_as = step.record.incident.status;
  Incident& incident = step.incident();
  for (const auto event :
       {IncidentEvent::fail, IncidentEvent::lose_sight, IncidentEvent::need_review}) {
    if (!can(incident.status, event)) continue;
    if (!step.move(event, context.reason())) continue;
    if (!incident.repository.empty()) {
      step.also.add(Ledger::fix_failed(incident.repository, incident.id, step.now));
      step.also.add(Ledger::pull_ended(incident.repository, incident.id));
      if (!incident.plan_hash.empty())
        step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
    }
    return step.done();
  }
  return StepFailed{context.reason()};
}

}  // namespace healer
