#include "app/server/announce.h"

#include <fmt/format.h>

#include <algorithm>

#include "incident/describe.h"
#include "types/json.h"

namespace healer {
namespace {

// Stations on the way are seen in lists and streams; people are told what ends or needs them.
constexpr IncidentStatus kTold[] = {IncidentStatus::notified,     IncidentStatus::awaiting_approval,
                                    IncidentStatus::pr_open,      IncidentStatus::merged,
                                    IncidentStatus::healed,       IncidentStatus::recurred,
                                    IncidentStatus::unknown,      IncidentStatus::failed,
                                    IncidentStatus::needs_review, IncidentStatus::declined,
                                    IncidentStatus::reverted};

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return list.empty() || std::ranges::find(list, word) != list.end();
}

bool wants(const NotifyRoute& route, const Incident& incident, std::string_view owner) {
  if (!contains(route.owners, owner)) return false;
  if (!contains(route.severities, to_string(incident.severity))) return false;
  if (!route.statuses.empty()) return contains(route.statuses, to_string(incident.status));
  const bool told = std::ranges::find(kTold, incident.status) != std::end(kTold);
  return told && (incident.severity > Severity::low || !route.severities.empty());
}

}  // namespace

std::vector<OutboxRow> announcements(const Incident& incident,
                                     const std::vector<NotifyRoute>& routes,
                                     const std::vector<Service>& services, UnixMs now) {
  const auto service = std::ranges::find(services, incident.service, &Service::name);
  const std::string owner = service == services.end() ? "" : service->owner;
  std::vector<OutboxRow> out;
  for (const auto& route : routes) {
    if (!wants(route, incident, owner)) continue;
    out.push_back(
        {.id = fmt::format("{}/{}/{}", route.name, incident.id, to_string(incident.status)),
         .sink = fmt::format("{}:{}", kNotifySink, route.name),
         .bytes = to_json(incident),
         .due = now});
  }
  return out;
}

}  // namespace healer
