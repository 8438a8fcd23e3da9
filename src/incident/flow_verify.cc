#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "incident/flow_step.h"
#include "types/json.h"

namespace healer {
namespace {

// The usual rate of a service's records is read from this long before the symptom began.
constexpr Millis kUsualRateWindow{600'000};
// The watch lasts at least this many times what the broken version took from its deploy to its
// first error …
constexpr int kOnsetFactor = 2;
// … but a slow burn does not hold an incident open for days.
constexpr Millis kOnsetWatchMax{6 * 3'600'000};

std::int64_t total(const std::vector<CountSum>& sums) {
  std::int64_t out = 0;
  for (const auto& sum : sums) out += sum.n;
  return out;
}

}  // namespace

Result<StepResult> IncidentFlow::deploy_step(Step& step) {
  Incident& incident = step.incident();
  const RepositoryRef* repository = fix_repository(step.service);
  if (can(incident.status, IncidentEvent::await_deploy))
    TRY(step.move(IncidentEvent::await_deploy,
                  "waiting for a deploy that contains " + incident.merge_sha.substr(0, 12)));
  if (repository != nullptr && repository->trust_deploy) {
    TRY(step.context.intent("deploy " + incident.merge_sha));
    TRY(world_.workbench.deploy(*repository, incident));
  }
  return step.wait("await_deploy", step.now);
}

// Runs at once, on every deploy event, and when the wait is over.
Result<StepResult> IncidentFlow::await_deploy_step(Step& step) {
  const Incident& incident = step.incident();
  const auto deploy = TRY(world_.ledger.deployed(incident.service));
  const RepositoryRef* repository = fix_repository(step.service);
  if (deploy && repository != nullptr && deploy->status == "success" &&
      TRY(world_.workbench.contains(*repository, deploy->commit, incident.merge_sha)))
    return start_watch(step, *deploy);
  const UnixMs latest = step.record.merged_at + step.policy().deploy_wait.count();
  if (step.now < latest) return step.wait("await_deploy", latest);
  TRY(step.move(IncidentEvent::lose_sight,
                fmt::format("no deploy with the fix was reported within {}; nothing is reverted",
                            format_duration(step.policy().deploy_wait))));
  return step.done();
}

Result<StepResult> IncidentFlow::start_watch(Step& step, const Deploy& deploy) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  incident.deployed_at = std::max<UnixMs>(deploy.at, record.merged_at);
  incident.deployed_sha = deploy.commit;
  const std::int64_t seen = std::max<std::int64_t>(1, incident.count - 1);
  record.former_gap_ms = std::max<std::int64_t>(0, incident.last_seen - incident.first_seen) / seen;
  const UnixMs from = incident.first_seen - kUsualRateWindow.count();
  const auto usual =
      TRY(world_.counts.counts(normal_fingerprint(incident.service), from, incident.first_seen));
  // Counts come in whole buckets: the time that they stand for ends with the last of them.
  UnixMs begin = incident.first_seen, end = incident.first_seen;
  for (const auto& sum : usual) {
    begin = std::min(begin, sum.first_bucket);
    end = std::max(end, sum.last_bucket + world_.counts.bucket_length().count());
  }
  const UnixMs length = std::min(end, step.now) - begin;
  record.former_normal_per_minute = static_cast<double>(total(usual)) * 60'000.0 /
                                    static_cast<double>(std::max<std::int64_t>(length, 1000));
  if (record.onset_ms > 0)
    record.verify_min_ms =
        std::max(record.verify_min_ms,
                 std::min<std::int64_t>(kOnsetFactor * record.onset_ms, kOnsetWatchMax.count()));
  TRY(step.move(IncidentEvent::watch, fmt::format("{} is deployed; watching for the symptom",
                                                  deploy.commit.substr(0, 12))));
  return step.go_on("watch");
}

Result<StepResult> IncidentFlow::watch_step(Step& step) {
  IncidentRecord& record = step.record;
  Incident& incident = step.incident();
  const Finding finding = to_finding(record);
  Watch watch;
  watch.merged_at = record.merged_at;
  watch.deployed_at = incident.deployed_at;
  watch.version = incident.deployed_sha;
  watch.former_gap = Millis(record.former_gap_ms);
  watch.former_normal_per_minute = record.former_normal_per_minute;
  watch.verify_min = Millis(record.verify_min_ms);
  watch.alert = record.alert;
  watch.alert_firing = record.alert_firing;
  watch.alert_changed_at = record.alert_changed_at;

  SignalWindow window;
  const auto symptom =
      TRY(world_.counts.counts(finding.fingerprint, incident.deployed_at, step.now + 1));
  window.symptom_new = static_cast<std::uint64_t>(TRY(total_of_fix(step, symptom, incident)));
  window.symptom_old = static_cast<std::uint64_t>(total(symptom)) - window.symptom_new;
  window.normal = static_cast<std::uint64_t>(
      TRY(seen_since(step, normal_fingerprint(incident.service), incident)));
  window.similar_new = static_cast<std::uint64_t>(TRY(similar_since(step)));

  const Outcome outcome = verify(watch, window, step.policy(), step.now);
  switch (outcome.kind) {
    case OutcomeKind::watching: return step.wait("watch", outcome.recheck_at);
    case OutcomeKind::healed: TRY(step.move(IncidentEvent::heal, outcome.because)); break;
    case OutcomeKind::unknown: TRY(step.move(IncidentEvent::lose_sight, outcome.because)); break;
    case OutcomeKind::recurred:
      TRY(step.move(IncidentEvent::recur, outcome.because));
      step.fix_did_not_help();
      break;
  }
  step.also.add(Ledger::fix_ended(incident.fingerprint, incident.deployed_sha, step.now));
  step.also.add(Ledger::plan_released(incident.repository, incident.plan_hash));
  if (outcome.kind == OutcomeKind::recurred && step.policy().revert_on_recurrence)
    return step.go_on("revert");
  return step.done();
}

// Whether records of that version come from code with the fix in it: of the first deploy that had
// it, or of a later one. A record that names no version counts as new.
Result<bool> IncidentFlow::carries(Step& step, const std::string& version, const Incident& fix) {
  if (version.empty() || version == fix.deployed_sha) return true;
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr || fix.merge_sha.empty()) return false;
  return world_.workbench.contains(*repository, version, fix.merge_sha);
}

Result<std::int64_t> IncidentFlow::total_of_fix(Step& step, const std::vector<CountSum>& sums,
                                                const Incident& fix) {
  std::int64_t out = 0;
  for (const auto& sum : sums)
    if (TRY(carries(step, sum.version, fix))) out += sum.n;
  return out;
}

// Records of the fingerprint that versions with the fix wrote since it was deployed.
Result<std::int64_t> IncidentFlow::seen_since(Step& step, std::uint64_t fingerprint,
                                              const Incident& fix) {
  return total_of_fix(step, TRY(world_.counts.counts(fingerprint, fix.deployed_at, step.now + 1)),
                      fix);
}

// Records of incidents of this service, opened since the deploy, that are the same failure in other
// words.
Result<std::int64_t> IncidentFlow::similar_since(Step& step) {
  std::int64_t out = 0;
  IncidentQuery query;
  query.service = step.incident().service;
  query.category = to_string(step.incident().category);
  query.from = step.incident().deployed_at;
  for (const auto& row : TRY(world_.incidents.incidents(query)).rows) {
    if (row.id == step.incident().id || step.record.analysis.knowledge.empty()) continue;
    const auto other = TRY(world_.knowledge_of(row.id));
    if (other != step.record.analysis.knowledge) continue;
    out += TRY(seen_since(step, row.fingerprint, step.incident()));
  }
  return out;
}

Result<StepResult> IncidentFlow::revert_step(Step& step) {
  Incident& incident = step.incident();
  TRY(step.context.intent("revert " + incident.merge_sha));
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");
  step.record.revert_url = TRY(world_.workbench.revert(*repository, step.record));
  TRY(step.move(IncidentEvent::revert, "reverted by " + step.record.revert_url));
  return step.done();
}

}  // namespace healer
