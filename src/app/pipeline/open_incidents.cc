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
  if (known.id == row.id) last_arrival = std::max(last_arrival, known.last_arrival);
  known = {.id = row.id,
           .done = row.done,
           .waiting = is_waiting_for_decision(status),
           .ended_well = ended_well(status),
           .cured_at = ended_well(status) ? deploy_of(row) : UnixMs{0},
           .quiet_end = ended_quietly(status),
           .severity = parse_enum<Severity>(row.severity).value_or(Severity::low),
           .last_arrival = last_arrival};
}

void OpenIncidents::seen(Fingerprint fingerprint, UnixMs arrival) {
  std::lock_guard lock(mutex_);
  if (const auto it = known_.find(fingerprint); it != known_.end())
    it->second.last_arrival = std::max(it->second.last_arrival, arrival);
}

std::optional<OpenIncidents::Known> OpenIncidents::find(Fingerprint fingerprint) const {
  std::lock_guard lock(mutex_);
  const auto it = known_.find(fingerprint);
  return it == known_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace healer
