#include "stages/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>

namespace healer {
namespace {

// Rates swing: half of the usual one counts as flowing.
constexpr double kNormalShare = 0.5;
// A service that is slow to come back gets the same time again before it counts as silent.
constexpr int kPatience = 2;
constexpr Millis kLookMin{200}, kLookMax{60'000};

struct Facts {
  const Watch& watch;
  const SignalWindow& window;
  const Policy& policy;
  UnixMs now;

  Millis elapsed() const { return Millis(now - watch.deployed_at); }
  UnixMs ends(int times) const {
    return watch.deployed_at + times * watch_length(watch, policy).count();
  }
};

Outcome watching(const Facts& f, UnixMs ends, std::string because) {
  const Millis tenth{(ends - f.now) / 10};
  const UnixMs next = f.now + std::clamp(tenth, kLookMin, kLookMax).count();
  return {OutcomeKind::watching, std::move(because), std::min(ends, next)};
}

Outcome before_deploy(const Facts& f) {
  const UnixMs ends = f.watch.merged_at + f.policy.deploy_wait.count();
  if (f.now >= ends)
    return {OutcomeKind::unknown,
            fmt::format("deploy: no deploy event named the merge within {}",
                        format_duration(f.policy.deploy_wait)),
            0};
  return {OutcomeKind::watching, "deploy: waiting for a deploy that contains the merge", ends};
}

std::string records(std::uint64_t count) {
  return count == 1 ? "1 record" : fmt::format("{} records", count);
}

// What says at once that the fix did not help; empty if nothing does.
std::string recurrence(const Facts& f) {
  const std::string version =
      f.watch.version.empty() ? "the deployed version" : "version " + f.watch.version;
  if (f.window.symptom_new > 0)
    return fmt::format("symptom: {} of it from {}", records(f.window.symptom_new), version);
  if (f.window.similar_new > 0)
    return fmt::format("symptom in other words: {} of a new failure of the same kind from {}",
                       records(f.window.similar_new), version);
  if (f.watch.alert && f.watch.alert_firing && f.watch.alert_changed_at > f.watch.deployed_at)
    return "alert: it fires again since the deploy";
  return {};
}

bool flows(const Facts& f) {
  if (f.watch.former_normal_per_minute <= 0 || f.window.normal == 0) return false;
  const double minutes = static_cast<double>(f.elapsed().count()) / 60'000.0;
  const double usual = f.watch.former_normal_per_minute * minutes;
  return static_cast<double>(f.window.normal) >= kNormalShare * usual;
}

// An alerting system's "resolved" is a sample of its own, taken after the deploy; a service that
// never logged anything normal is not silent then.
bool alert_speaks(const Facts& f) {
  return f.watch.alert && !f.watch.alert_firing &&
         f.watch.alert_changed_at >= f.watch.deployed_at && f.watch.former_normal_per_minute <= 0;
}

Outcome at_end(const Facts& f) {
  const std::string how_long = format_duration(watch_length(f.watch, f.policy));
  if (f.watch.alert && f.watch.alert_firing)
    return {OutcomeKind::recurred,
            fmt::format("alert: it still fires {} after the deploy", how_long), 0};
  if (alert_speaks(f))
    return {OutcomeKind::healed, "alert: its sender resolved it after the deploy", 0};
  if (flows(f))
    return {OutcomeKind::healed,
            fmt::format("symptom absent for {}, while {} of normal work came in", how_long,
                        records(f.window.normal)),
            0};
  const bool rate_known = f.watch.former_normal_per_minute > 0;
  if (rate_known && f.now < f.ends(kPatience))
    return watching(f, f.ends(kPatience), "silence: the service's normal records do not flow yet");
  if (f.window.normal == 0)
    return {OutcomeKind::unknown, "silence: no normal record came in, so nothing is known", 0};
  if (!rate_known)
    return {OutcomeKind::unknown, "silence: the service's usual rate is not known", 0};
  return {OutcomeKind::unknown,
          fmt::format("silence: only {} of normal work came in, far under the usual rate",
                      records(f.window.normal)),
          0};
}

}  // namespace

Millis watch_length(const Watch& watch, const Policy& policy) {
  const Millis gaps = watch.former_gap * policy.verify_gaps;
  return std::max({policy.verify_min, watch.verify_min, gaps});
}

Outcome verify(const Watch& watch, const SignalWindow& window, const Policy& policy, UnixMs now) {
  const Facts facts{watch, window, policy, now};
  if (watch.deployed_at == 0) return before_deploy(facts);
  if (std::string because = recurrence(facts); !because.empty())
    return {OutcomeKind::recurred, std::move(because), 0};
  if (now >= facts.ends(1)) return at_end(facts);
  std::string because = watch.alert && watch.alert_firing
                            ? "watch: the alert has not been resolved yet"
                            : "watch: the symptom is absent so far";
  if (window.symptom_old > 0)
    because += fmt::format("; {} of it from old instances", records(window.symptom_old));
  return watching(facts, facts.ends(1), because);
}

}  // namespace healer
