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

Result<IncidentView> IncidentFlow::gather(Step& step, Pulls pulls) {
  const IncidentRecord& record = step.record;
  const Incident& incident = record.incident;
  const Policy& policy = step.policy();
  IncidentView view;
  const RepositoryRef* repository = fix_repository(step.service);
  view.service_known = step.service != nullptr;
  view.has_repository = step.service == nullptr || repository != nullptr;
  view.has_evidence = !incident.evidence.empty();
  view.silenced_until = TRY(world_.ledger.silenced_until(incident.fingerprint, incident.service));
  view.record_age = record_age(record);
  const auto finding = to_finding(record);
  // Of the window, but only its own: an earlier incident's records say nothing about this one.
  view.occurrences =
      std::min(incident.count,
               total(TRY(world_.counts.counts(
                   finding.fingerprint, step.now - policy.persist_window.count(), step.now + 1))));
  view.attempts = record.attempts;
  view.failing_services = world_.storm.count(step.now, policy.storm_window);
  view.storm_parent = world_.storm.parent(step.now, policy.storm_window);
  view.request = to_request(record.request);
  view.approved_plan = record.approved;
  view.approved_at = record.approved_at;
  view.plan_hash = incident.plan_hash;
  if (repository == nullptr) return view;

  view.forge_hosted = world_.workbench.hosted();
  const auto deployed = TRY(world_.ledger.deployed(incident.service, incident.environment));
  view.last_fix_end =
      TRY(world_.ledger.last_fix_end(incident.fingerprint, deployed ? deployed->commit : ""));
  const auto failures =
      TRY(world_.ledger.failures(repository->url, step.now - policy.breaker_window.count()));
  view.failed_fixes = failures.count;
  view.oldest_failed_fix = failures.oldest;
  TRY(count_pulls(step, repository->url, pulls, view));
  for (const auto& edit : record.plan.edits) {
    view.touched.push_back(edit.file);
    const UnixMs changed =
        TRY(world_.ledger.setting_changed(repository->url, edit.file, edit.path));
    view.setting_changed_at = std::max(view.setting_changed_at, changed);
  }
  // Reading the owners' rules costs a fetch: only for what could be fixed.
  if (incident.severity < Severity::high && view.request == Request::none &&
      record.approved.empty())
    return view;
  const RepositoryBase base = TRY(world_.workbench.base(*repository));
  view.rules = base.rules;
  if (record.plan.playbook.empty()) return view;
  const auto code = TRY(world_.ledger.declined(incident.fingerprint, record.plan.playbook));
  view.declined = !code.empty() && world_.workbench.code_at(base, code) == code;
  return view;
}

Result<void> IncidentFlow::count_pulls(Step& step, const std::string& repository, Pulls pulls,
                                       IncidentView& view) {
  const std::string& id = step.incident().id;
  // Claimed first and read then: who claims after this sees the claim or what became of it.
  std::map<std::string, std::string> open;
  if (pulls == Pulls::claim) open = claims_.take_pull(repository, id);
  open.merge(TRY(world_.ledger.open_pulls()));
  for (const auto& [incident, where] : open) {
    if (incident == id) continue;
    ++view.open_prs;
    if (where == repository) ++view.open_prs_repository;
  }
  return {};
}

Result<Decision> IncidentFlow::decide_now(Step& step, Pulls pulls) {
  const IncidentView view = TRY(gather(step, pulls));
  return decide(to_finding(step.record), view, step.policy(), step.now);
}

Result<StepResult> IncidentFlow::decide_step(Step& step) {
  Incident& incident = step.incident();
  if (world_.consultant != nullptr && step.record.consulted.empty() &&
      Consultant::wants(step.record.analysis, step.policy().confidence_min))
    return step.go_on("consult");
  if (can(incident.status, IncidentEvent::analyze))
    TRY(step.move(IncidentEvent::analyze,
                  fmt::format("{}: {} {}", step.record.analysis.brain, to_string(incident.severity),
                              to_string(incident.category))));
  const Decision decision = TRY(decide_now(step));
  switch (decision.action) {
    case Action::log: {
      const bool over = step.record.alert && !step.record.alert_firing;
      TRY(step.move(over ? IncidentEvent::resolve : IncidentEvent::log, decision.because));
      return rest(step, decision);
    }
    case Action::notify_parent:
    case Action::notify: {
      const Millis window = step.policy().storm_window;
      const std::string parent = decision.action == Action::notify_parent
                                     ? world_.storm.join(incident.id, step.now, window)
                                     : world_.storm.parent(step.now, window);
      if (!parent.empty() && parent != incident.id) {
        incident.parent = parent;
        step.telling = Step::Telling::never;  // one storm, one message
      }
      TRY(step.move(IncidentEvent::notify, decision.because));
      return rest(step, decision);
    }
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

// It has ended, unless what stopped it is let go while the failure goes on.
StepResult IncidentFlow::rest(Step& step, const Decision& decision) {
  if (decision.recheck_at == 0) return step.done();
  step.release_settings();
  return step.wait("lookout", decision.recheck_at);
}

}  // namespace healer
