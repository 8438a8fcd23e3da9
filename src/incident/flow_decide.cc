#include <fmt/format.h>

#include "incident/flow_step.h"

namespace healer {
namespace {

Request to_request(const std::string& word) {
  return parse_enum<Request>(word).value_or(Request::none);
}

// Old records start nothing: the age of the newest record when it arrived.
Millis record_age(const IncidentRecord& record) {
  if (record.record_time.ms == 0 || record.newest_record.ms == 0) return Millis(0);
  return Millis(std::max<std::int64_t>(0, record.newest_record.ms - record.record_time.ms));
}

std::int64_t total(const std::vector<CountSum>& sums) {
  std::int64_t out = 0;
  for (const auto& sum : sums) out += sum.n;
  return out;
}

}  // namespace

Result<IncidentView> IncidentFlow::gather(Step& step) {
  const IncidentRecord& record = step.record;
  const Incident& incident = record.incident;
  const Policy& policy = step.policy();
  IncidentView view;
  const RepositoryRef* repository = fix_repository(step.service);
  view.service_known = step.service != nullptr;
  view.has_evidence = !incident.evidence.empty();
  view.silenced = TRY(world_.ledger.silenced(incident.fingerprint, incident.service, step.now));
  view.record_age = record_age(record);
  const auto finding = to_finding(record);
  // Of the window, but only its own: an earlier incident's records say nothing about this one.
  view.occurrences =
      std::min(incident.count,
               total(TRY(world_.counts.counts(
                   finding.fingerprint, step.now - policy.persist_window.count(), step.now + 1))));
  view.attempts = record.attempts;
  view.failing_services = world_.storm.count(step.now, policy.storm_window);
  view.storm_parent = world_.storm.parent();
  view.request = to_request(record.request);
  view.approved_plan = record.approved;
  view.approved_at = record.approved_at;
  view.plan_hash = incident.plan_hash;
  if (repository == nullptr) return view;

  const auto deployed = TRY(world_.ledger.deployed(incident.service));
  view.last_fix_end =
      TRY(world_.ledger.last_fix_end(incident.fingerprint, deployed ? deployed->commit : ""));
  const auto failures =
      TRY(world_.ledger.failures(repository->url, step.now - policy.breaker_window.count()));
  view.failed_fixes = failures.count;
  view.oldest_failed_fix = failures.oldest;
  const auto pulls = TRY(world_.ledger.open_pulls(repository->url, incident.id));
  view.open_prs_repository = pulls.repository;
  view.open_prs = pulls.all;
  for (const auto& edit : record.plan.edits) {
    view.touched.push_back(edit.file);
    view.setting_changed_at =
        std::max(view.setting_changed_at,
                 TRY(world_.ledger.setting_changed(repository->url, edit.file, edit.path)));
  }
  if (!record.plan.playbook.empty())
    view.declined =
        TRY(world_.ledger.declined(incident.fingerprint, record.plan.playbook, incident.plan_hash));
  // Reading the owners' rules costs a fetch: only for what could be fixed.
  if (incident.severity >= Severity::high || view.request != Request::none ||
      !record.approved.empty())
    view.rules = TRY(world_.workbench.base(*repository)).rules;
  return view;
}

Result<Decision> IncidentFlow::decide_now(Step& step) {
  const IncidentView view = TRY(gather(step));
  return decide(to_finding(step.record), view, step.policy(), step.now);
}

Result<StepResult> IncidentFlow::decide_step(Step& step) {
  Incident& incident = step.incident();
  if (can(incident.status, IncidentEvent::analyze))
    TRY(step.move(IncidentEvent::analyze,
                  fmt::format("{}: {} {}", step.record.analysis.brain, to_string(incident.severity),
                              to_string(incident.category))));
  const Decision decision = TRY(decide_now(step));
  switch (decision.action) {
    case Action::log: {
      const bool over = step.record.alert && !step.record.alert_firing;
      TRY(step.move(over ? IncidentEvent::resolve : IncidentEvent::log, decision.because));
      return step.done();
    }
    case Action::notify:
      TRY(step.move(IncidentEvent::notify, decision.because));
      return step.done();
    case Action::notify_parent:
      if (world_.storm.parent().empty()) world_.storm.set_parent(incident.id);
      incident.parent = world_.storm.parent() == incident.id ? "" : world_.storm.parent();
      TRY(step.move(IncidentEvent::notify, decision.because));
      return step.done();
    case Action::wait:
      if (can(incident.status, IncidentEvent::queue))
        TRY(step.move(IncidentEvent::queue, decision.because));
      return step.wait("decide", decision.recheck_at);
    case Action::ask:
    case Action::fix: break;
  }
  // `ask` plans and proves too: a person approves a diff, not a hope. publish_step stops there.
  if (can(incident.status, IncidentEvent::queue))
    TRY(step.move(IncidentEvent::queue, decision.because));
  TRY(step.move(IncidentEvent::start_fix, decision.because));
  return step.go_on("plan");
}

}  // namespace healer
