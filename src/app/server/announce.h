#pragma once
#include <string>
#include <vector>

#include "app/config/settings.h"
#include "ports/store/rows.h"
#include "types/incident.h"

namespace healer {

inline constexpr const char* kNotifySink = "notify";

// One outbox row for each route of healer.yaml that wants to hear of this change.
std::vector<OutboxRow> announcements(const Incident& incident,
                                     const std::vector<NotifyRoute>& routes,
                                     const std::vector<Service>& services, UnixMs now);

}  // namespace healer
