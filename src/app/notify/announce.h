#pragma once
#include <vector>

#include "app/config/settings.h"
#include "ports/store/rows.h"
#include "types/incident.h"

namespace healer {

// Sinks of the outbox, followed by ":" and the route's name.
inline constexpr const char* kNotifySink = "notify";
inline constexpr const char* kDigestSink = "digest";

// Outbox rows that tell people where an incident is now: one for each route that wants it. A route
// that pages gets approvals and critical trouble only. Low ones come in a digest, unless a route
// names that severity: one row a route and period, due at its end. Pure.
std::vector<OutboxRow> announcements(const Incident& incident,
                                     const std::vector<NotifyRoute>& routes,
                                     const std::vector<Service>& services, UnixMs now);

// Owner of that service in healer.yaml; empty if it has none.
std::string owner_of(const std::vector<Service>& services, std::string_view service);

// True where the route is for that owner (a route without owners is for all).
bool is_for(const NotifyRoute& route, std::string_view owner);

}  // namespace healer
