#include "stages/decide/decide.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/glob.h"

namespace healer {
namespace {

// A full cap empties, and a brake is let go, by events that nobody here can foresee.
constexpr Millis kCapRecheck{30'000}, kBrakeRecheck{30'000};

struct Facts {
  const Finding& finding;
  const IncidentView& view;
  const Policy& policy;
  UnixMs now;

  Severity severity() const { return finding.analysis.severity; }
  bool approval_fits() const {
    return !view.approved_plan.empty() && view.approved_plan == view.plan_hash;
  }
  bool approval_expired() const { return now - view.approved_at > policy.approval_expires.count(); }
  bool approved() const { return approval_fits() && !approval_expired(); }
  bool by_command() const { return view.request == Request::command_line; }
  // Somebody asked for this very fix, so its worth is not in question.
  bool wanted() const { return approved() || view.request != Request::none; }
  // A person stands behind it: what guards against healer's own loops does not apply.
  bool person() const { return approved() || by_command(); }
};

using Verdict = std::optional<Decision>;

std::string times(std::int64_t count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

Decision make(Action action, std::string because, UnixMs recheck_at = 0) {
  return {action, Autonomy::observe, std::move(because), recheck_at};
}

Verdict alert_over(const Facts& f) {
  if (!f.finding.alert_resolved) return {};
  return make(Action::log, "alert resolved: its sender says that it is over");
}

Verdict silence(const Facts& f) {
  if (f.view.silenced_until <= f.now) return {};
  return make(Action::log, "silence: a person silenced it", f.view.silenced_until);
}

Verdict old_record(const Facts& f) {
  if (f.wanted() || f.view.record_age <= f.policy.record_age_max) return {};
  return make(
      Action::log,
      fmt::format("old record: the newest was {} old when it arrived (most {})",
                  format_duration(f.view.record_age), format_duration(f.policy.record_age_max)));
}

Verdict low_severity(const Facts& f) {
  if (f.wanted() || f.severity() != Severity::low) return {};
  return make(Action::log, "severity: low is only logged");
}

Verdict unknown_service(const Facts& f) {
  if (f.view.service_known) return {};
  return make(Action::notify, "unknown service: no service of healer.yaml claims it");
}

Verdict no_repository(const Facts& f) {
  if (f.view.has_repository) return {};
  return make(Action::notify, "repository: healer.yaml names none for this service");
}

Verdict storm(const Facts& f) {
  if (f.by_command() || f.view.failing_services < f.policy.storm_services) return {};
  std::string because =
      fmt::format("storm brake: {} services failed within {}", f.view.failing_services,
                  format_duration(f.policy.storm_window));
  if (f.wanted()) return make(Action::wait, because, f.now + f.policy.storm_window.count());
  if (!f.view.storm_parent.empty()) because += ", see " + f.view.storm_parent;
  return make(Action::notify_parent, because, f.now + kBrakeRecheck.count());
}

Verdict medium_severity(const Facts& f) {
  if (f.wanted() || f.severity() != Severity::medium) return {};
  return make(Action::notify, "severity: medium is notified, not fixed");
}

Verdict kill_switch(const Facts& f) {
  if (!f.policy.kill_switch) return {};
  return make(Action::notify, "kill switch: fixes are off", f.now + kBrakeRecheck.count());
}

Verdict missing_evidence(const Facts& f) {
  if (f.view.has_evidence) return {};
  return make(Action::notify, "evidence: no log line is kept that a fix could rest on");
}

Verdict approval_moved(const Facts& f) {
  if (f.view.approved_plan.empty() || f.view.plan_hash.empty() || f.by_command()) return {};
  if (!f.approval_fits())
    return make(Action::ask, fmt::format("approval: it names plan {}, the plan is now {}",
                                         f.view.approved_plan, f.view.plan_hash));
  if (!f.approval_expired()) return {};
  return make(Action::ask, fmt::format("approval: it expired after {}",
                                       format_duration(f.policy.approval_expires)));
}

Verdict uncertain(const Facts& f) {
  if (f.person()) return {};
  if (f.finding.analysis.uncertain) return make(Action::ask, "uncertain: the brain is not sure");
  const double confidence = f.finding.analysis.confidence;
  if (confidence >= f.policy.confidence_min) return {};
  return make(Action::ask, fmt::format("uncertain: confidence {:.2f} (least {:.2f})", confidence,
                                       f.policy.confidence_min));
}

Verdict declined(const Facts& f) {
  if (f.wanted() || !f.view.declined) return {};
  return make(Action::notify, "declined: a person closed the pull request of this failure");
}

Verdict observe_only(const Facts& f) {
  if (allowed_autonomy(f.finding, f.view, f.policy, f.now) != Autonomy::observe) return {};
  return make(Action::notify, "autonomy: observe, incidents only");
}

Verdict setting_rest(const Facts& f) {
  if (f.person() || f.view.setting_changed_at == 0) return {};
  const UnixMs age = f.now - f.view.setting_changed_at;
  if (age >= f.policy.setting_rest.count()) return {};
  return make(Action::ask,
              fmt::format("setting rest: healer changed this setting within the last {}",
                          format_duration(f.policy.setting_rest)));
}

Verdict attempts(const Facts& f) {
  if (f.person() || f.view.attempts < f.policy.attempts_max) return {};
  return make(Action::ask, fmt::format("attempts: {} fixes were tried (most {})", f.view.attempts,
                                       f.policy.attempts_max));
}

Verdict breaker(const Facts& f) {
  if (f.person() || f.view.failed_fixes < f.policy.breaker_failures) return {};
  const UnixMs closes = f.view.oldest_failed_fix + f.policy.breaker_window.count();
  return make(Action::wait,
              fmt::format("breaker: {} fixes of the repository failed within {}",
                          f.view.failed_fixes, format_duration(f.policy.breaker_window)),
              std::max(closes, f.now + kCapRecheck.count()));
}

Verdict cooldown(const Facts& f) {
  if (f.person() || f.view.last_fix_end == 0) return {};
  const UnixMs ends = f.view.last_fix_end + f.policy.cooldown.count();
  if (f.now >= ends) return {};
  return make(Action::wait,
              fmt::format("cool-down: a fix of this failure ended less than {} ago on this commit",
                          format_duration(f.policy.cooldown)),
              ends);
}

Verdict caps(const Facts& f) {
  if (f.by_command()) return {};
  const UnixMs later = f.now + kCapRecheck.count();
  if (f.view.open_prs_repository >= f.policy.open_prs_per_repository_max)
    return make(Action::wait,
                fmt::format("cap: {} healer pull requests are open in the repository (most {})",
                            f.view.open_prs_repository, f.policy.open_prs_per_repository_max),
                later);
  if (f.view.open_prs >= f.policy.open_prs_max)
    return make(Action::wait,
                fmt::format("cap: {} healer pull requests are open in all (most {})",
                            f.view.open_prs, f.policy.open_prs_max),
                later);
  return {};
}

Verdict persistence(const Facts& f) {
  if (f.wanted() || f.finding.process_death || f.finding.alert_firing) return {};
  if (f.view.occurrences >= f.policy.persist_count) return {};
  const std::string because = fmt::format(
      "persistence: seen {} within {} (needs {}, a process death or a firing alert)",
      times(f.view.occurrences), format_duration(f.policy.persist_window), f.policy.persist_count);
  const UnixMs ends = f.finding.last_seen + f.policy.persist_window.count();
  if (f.now >= ends) return make(Action::notify, because);
  return make(Action::wait, because, ends);
}

// The first rule that speaks decides. What makes a record unimportant comes before what makes a fix
// unsafe, and that before what only delays it.
constexpr std::array kRules{
    alert_over,     silence,         old_record,    low_severity, unknown_service,
    storm,          medium_severity, no_repository, kill_switch,  missing_evidence,
    approval_moved, uncertain,       declined,      observe_only, setting_rest,
    attempts,       breaker,         cooldown,      caps,         persistence};

std::string reason_to_fix(const Facts& f) {
  if (f.approved()) return "approval: a person approved this plan";
  if (f.by_command()) return "request: a person ran healer fix";
  if (f.view.request == Request::api) return "request: asked for over the API";
  const auto severity = to_string(f.severity());
  if (f.finding.process_death) return fmt::format("severity: {}, and a process died", severity);
  if (f.finding.alert_firing) return fmt::format("severity: {}, and its alert fires", severity);
  return fmt::format("severity: {}, seen {} within {}", severity, times(f.view.occurrences),
                     format_duration(f.policy.persist_window));
}

}  // namespace

Autonomy allowed_autonomy(const Finding& finding, const IncidentView& view, const Policy& policy,
                          UnixMs now) {
  if (view.request == Request::command_line) return Autonomy::pull_request;
  Autonomy allowed = view.forge_hosted ? policy.autonomy_remote : policy.autonomy;
  const RepositoryRules& rules = view.rules;
  if (!rules.present) allowed = std::min(allowed, Autonomy::suggest);
  allowed = std::min(allowed, rules.autonomy);
  if (const auto it = rules.autonomy_by_severity.find(finding.analysis.severity);
      it != rules.autonomy_by_severity.end())
    allowed = std::min(allowed, it->second);
  if (const auto it = rules.autonomy_by_category.find(finding.analysis.category);
      it != rules.autonomy_by_category.end())
    allowed = std::min(allowed, it->second);
  for (const auto& [glob, autonomy] : rules.autonomy_by_path)
    if (std::ranges::any_of(view.touched,
                            [&](const std::string& file) { return glob_match(glob, file); }))
      allowed = std::min(allowed, autonomy);
  if (Facts{finding, view, policy, now}.approved())
    allowed = std::max(allowed, Autonomy::pull_request);
  return allowed;
}

Decision decide(const Finding& finding, const IncidentView& view, const Policy& policy,
                UnixMs now) {
  const Facts facts{finding, view, policy, now};
  for (const auto rule : kRules)
    if (auto verdict = rule(facts)) {
      verdict->autonomy = allowed_autonomy(finding, view, policy, now);
      return *verdict;
    }
  Decision decision = make(Action::fix, reason_to_fix(facts));
  decision.autonomy = allowed_autonomy(finding, view, policy, now);
  return decision;
}

}  // namespace healer
