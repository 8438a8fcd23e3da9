#include "app/notify/announce.h"

#include <fmt/format.h>

#include <algorithm>

#include "incident/transitions.h"
#include "types/json.h"

namespace healer {
namespace {

enum class Wanted { no, now, digest };

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return list.empty() || std::ranges::find(list, word) != list.end();
}

// Whoever was told that something is wrong is told that it is over, too.
bool ends_what_was_told(const Incident& incident) {
  return incident.done && std::ranges::any_of(incident.timeline, [](const TimelineEntry& entry) {
           return is_told(entry.status);
         });
}

Wanted wants(const NotifyRoute& route, const Incident& incident, std::string_view owner) {
  if (!is_for(route, owner) || !contains(route.severities, to_string(incident.severity)))
    return Wanted::no;
  if (route.pages) {
    const bool due = is_awaiting_person(incident.status) ||
                     (incident.severity == Severity::critical && is_trouble(incident.status));
    return due ? Wanted::now : Wanted::no;
  }
  if (incident.severity == Severity::low && route.severities.empty())
    return incident.done && route.digest_every > Millis(0) ? Wanted::digest : Wanted::no;
  if (!route.statuses.empty())
    return contains(route.statuses, to_string(incident.status)) ? Wanted::now : Wanted::no;
  return is_told(incident.status) || ends_what_was_told(incident) ? Wanted::now : Wanted::no;
}

OutboxRow digest_row(const NotifyRoute& route, UnixMs now) {
  const UnixMs every = route.digest_every.count();
  const UnixMs end = (now / every + 1) * every;
  return {.id = fmt::format("digest/{}/{}", route.name, end),
          .sink = fmt::format("{}:{}", kDigestSink, route.name),
          .bytes = std::to_string(end),
          .due = end};
}

}  // namespace

std::string owner_of(const std::vector<Service>& services, std::string_view service) {
  const auto it = std::ranges::find(services, service, &Service::name);
  return it == services.end() ? std::string() : it->owner;
}

bool is_for(const NotifyRoute& route, std::string_view owner) {
  return contains(route.owners, owner);
}

std::vector<OutboxRow> announcements(const Incident& incident,
                                     const std::vector<NotifyRoute>& routes,
                                     const std::vector<Service>& services, UnixMs now) {
  const std::string owner = owner_of(services, incident.service);
  std::vector<OutboxRow> out;
  for (const auto& route : routes) {
    switch (wants(route, incident, owner)) {
      case Wanted::no: break;
      case Wanted::digest: out.push_back(digest_row(route, now)); break;
      case Wanted::now:
        // Changes of one moment sort in their order.
        out.push_back({.id = fmt::format("{}/{}/{:014}-{:03}/{}", route.name, incident.id, now,
                                         incident.timeline.size(), to_string(incident.status)),
                       .sink = fmt::format("{}:{}", kNotifySink, route.name),
                       .bytes = to_json(incident),
                       .due = now});
    }
  }
  return out;
}

}  // namespace healer
