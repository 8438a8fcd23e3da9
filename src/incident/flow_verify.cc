#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "incident/flow_step.h"
#include "types/json.h"

namespace healer {
namespace {

// The usual rate of a service's records is read from this long before the symptom began.
constexpr Millis kUsualRateWindow{600'000};
// Of a service that did so little in that time a longer one is read, six times as long, up to a
// day.
constexpr std::int64_t kUsualRecordsMin = 10;
constexpr int kUsualRateGrowth = 6;
constexpr Millis kUsualRateWindowMax{86'400'000};
// An owners' `deploy` that fails is run again so often in a row.
constexpr int kDeployAttemptsMax = 3;
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
  std::string waiting = "waiting for a deploy that contains " + incident.merge_sha.substr(0, 12);
  if (repository != nullptr && repository->trust_deploy) {
    const Intent intent = TRY(step.context.intent("deploy " + incident.merge_sha));
    const bool again = intent.repeated && step.context.attempt() == 1;
    const auto done = again && TRY(is_deployed(step))
                          ? Result<void>{}
                          : world_.workbench.deploy(*repository, incident, incident.merge_sha);
    if (!done && step.context.attempt() < kDeployAttemptsMax)
      return StepResult(StepRetry{done.error().message});
    // Somebody may still deploy it by hand; if nobody does, that is told.
    if (!done) waiting = done.error().message + "; " + waiting;
  }
  TRY(step.move(IncidentEvent::await_deploy, std::move(waiting)));
  return step.wait("await_deploy", step.now);
}

Result<bool> IncidentFlow::is_deployed(Step& step) {
  const Incident& incident = step.incident();
  const auto deploy = TRY(world_.ledger.deployed(incident.service, incident.environment));
  const RepositoryRef* repository = fix_repository(step.service);
  if (!deploy || repository == nullptr || deploy->status != "success") return false;
  return world_.workbench.contains(*repository, version_of(*deploy), incident.merge_sha);
}

// Runs at once, on every deploy event, and when the wait is over.
Result<StepResult> IncidentFlow::await_deploy_step(Step& step) {
  const Incident& incident = step.incident();
  if (TRY(is_deployed(step)))
    return start_watch(step, *TRY(world_.ledger.deployed(incident.service, incident.environment)));
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
  incident.deployed_sha = version_of(deploy);
  const std::int64_t seen = std::max<std::int64_t>(1, incident.count - 1);
  // How often an alert is sent again says nothing of its symptom.
  record.former_gap_ms =
      record.alert ? 0 : std::max<std::int64_t>(0, incident.last_seen - incident.first_seen) / seen;
  record.former_normal_per_minute = TRY(usual_rate(step, kUsualRateWindow));
  if (record.onset_ms > 0)
    record.verify_min_ms =
        std::max(record.verify_min_ms,
                 std::min<std::int64_t>(kOnsetFactor * record.onset_ms, kOnsetWatchMax.count()));
  TRY(step.move(IncidentEvent::watch, fmt::format("{} is deployed; watching for the symptom",
                                                  commit_in(version_of(deploy)).substr(0, 12))));
  return step.go_on("watch");
}

// Of the service's normal records before the symptom, a minute; 0: not known.
Result<double> IncidentFlow::usual_rate(Step& step, Millis window) {
  const Incident& incident = step.incident();
  const UnixMs from = incident.first_seen - window.count();
  const auto usual =
      TRY(world_.counts.counts(normal_fingerprint(incident.service), from, incident.first_seen));
  if (total(usual) < kUsualRecordsMin && window < kUsualRateWindowMax)
    return usual_rate(step, std::min(window * kUsualRateGrowth, kUsualRateWindowMax));
  // Counts come in whole buckets: the time that they stand for ends with the last of them.
  UnixMs begin = incident.first_seen, end = incident.first_seen;
  for (const auto& sum : usual) {
    begin = std::min(begin, sum.first_bucket);
    end = std::max(end, sum.last_bucket + world_.counts.bucket_length().count());
  }
  const UnixMs length = std::max<std::int64_t>(std::min(end, step.now) - begin, 1000);
  return static_cast<double>(total(usual)) * 60'000.0 / static_cast<double>(length);
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
  if (!record.alert) {  // an alert's state is its symptom, not how often it is sent
    const auto symptom =
        TRY(world_.counts.counts(finding.fingerprint, incident.deployed_at, step.now + 1));
    window.symptom_new = static_cast<std::uint64_t>(TRY(total_of_fix(step, symptom, incident)));
    window.symptom_old = static_cast<std::uint64_t>(total(symptom)) - window.symptom_new;
  }
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
  if (outcome.kind != OutcomeKind::recurred) return step.done();
  if (step.policy().revert_on_recurrence) return step.go_on("revert");
  // It is opened again if it still fails when the cool-down is over.
  step.release_settings();
  return step.wait("lookout", step.now + step.policy().cooldown.count());
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
  const auto counts = TRY(world_.counts.counts(fingerprint, fix.deployed_at, step.now + 1));
  return total_of_fix(step, counts, fix);
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
    if (row.id == step.incident().id) continue;
    const IncidentRecord other = TRY(world_.record_of(row.id));
    const std::string& known = step.record.analysis.knowledge;
    if ((!known.empty() && other.analysis.knowledge == known) ||
        world_.workbench.concerns(step.record.plan, to_finding(other)))
      out += TRY(seen_since(step, row.fingerprint, step.incident()));
  }
  return out;
}

Result<StepResult> IncidentFlow::revert_step(Step& step) {
  IncidentRecord& record = step.record;
  const Incident& incident = step.incident();
  TRY(step.context.intent("revert " + incident.merge_sha));
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return fail(Errc::not_found, "the service has no repository any more");
  const auto reverted = world_.workbench.revert(*repository, record);
  if (!reverted && reverted.error().code == Errc::conflict) {
    step.note("it cannot be reverted: " + reverted.error().message);
    return step.done();
  }
  if (!reverted) return std::unexpected(reverted.error());
  record.revert_url = reverted->url;
  record.revert_sha = reverted->merge_sha;
  TRY(step.move(IncidentEvent::revert, "reverted by " + record.revert_url));
  if (!repository->trust_deploy || record.revert_sha.empty()) return step.done();
  return step.go_on("deploy_revert");
}

Result<StepResult> IncidentFlow::deploy_revert_step(Step& step) {
  const RepositoryRef* repository = fix_repository(step.service);
  if (repository == nullptr) return step.done();
  TRY(step.context.intent("deploy " + step.record.revert_sha));
  const auto done = world_.workbench.deploy(*repository, step.incident(), step.record.revert_sha);
  if (!done && step.context.attempt() < kDeployAttemptsMax)
    return StepResult(StepRetry{done.error().message});
  if (!done) step.note("the revert is not deployed: " + done.error().message);
  return step.done();
}

}  // namespace healer
