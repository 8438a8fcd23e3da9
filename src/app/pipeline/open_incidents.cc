#include "app/pipeline/open_incidents.h"

#include <algorithm>

#include "base/metrics.h"
#include "incident/transitions.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr std::size_t kKnownIncidentsMax = 200'000;

UnixMs deploy_of(const IncidentRow& row) {
  const auto incident = from_json<Incident>(row.body_json);
  return incident ? UnixMs{incident->deployed_at} : 0;
}

}  // namespace

void OpenIncidents::update(const IncidentRow& row) {
  const auto status = parse_enum<IncidentStatus>(row.status).value_or(IncidentStatus::detected);
  std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownIncidentsMax && !known_.contains(row.fingerprint)) {
    ++Metrics::counter("known_incidents_limit_hits");
    std::erase_if(known_, [](const auto& item) { return item.second.done; });
  }
  Known& known = known_[row.fingerprint];
  if (known.id > row.id) return;  // an older incident of that fingerprint
  UnixMs last_arrival = std::max(row.created, row.last_seen);
  UnixMs last_written = row.last_seen;
  if (known.id == row.id) {
    last_arrival = std::max(last_arrival, known.last_arrival);
    last_written = std::max(last_written, known.last_written);
  }
  known = {.id = row.id,
           .done = row.done,
           .waiting = is_waiting_for_decision(status),
           .ended_well = ended_well(status),
           .cured_at = ended_well(status) ? deploy_of(row) : UnixMs{0},
           .quiet_end = ended_quietly(status),
           .severity = parse_enum<Severity>(row.severity).value_or(Severity::low),
           .last_arrival = last_arrival,
           .last_written = last_written,
           .alert_over = known.id == row.id && known.alert_over};
}

void OpenIncidents::alert(Fingerprint fingerprint, bool firing) {
  std::lock_guard lock(mutex_);
  if (const auto it = known_.find(fingerprint); it != known_.end()) it->second.alert_over = !firing;
}

void OpenIncidents::seen(Fingerprint fingerprint, UnixMs arrival, UnixMs written) {
  std::lock_guard lock(mutex_);
  const auto it = known_.find(fingerprint);
  if (it == known_.end()) return;
  it->second.last_arrival = std::max(it->second.last_arrival, arrival);
  it->second.last_written = std::max(it->second.last_written, written);
}

std::optional<OpenIncidents::Known> OpenIncidents::find(Fingerprint fingerprint) const {
  std::lock_guard lock(mutex_);
  const auto it = known_.find(fingerprint);
  return it == known_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace healer
