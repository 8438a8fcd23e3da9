#include "app/notify/notify_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <map>

#include "app/notify/announce.h"
#include "incident/describe.h"
#include "ports/notify/notify.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr const char* kMessages = "notified";  // space of key-values: route/incident -> message id
constexpr std::size_t kDigestLines = 10;

Result<const NotifyRoute*> route_of(const Settings& settings, const OutboxRow& row) {
  const std::string name = row.sink.substr(row.sink.find(':') + 1);
  const auto it = std::ranges::find(settings.notify, name, &NotifyRoute::name);
  if (it == settings.notify.end())
    return fail(Errc::not_found, "healer.yaml has no notify route " + name + " any more");
  return &*it;
}

std::unique_ptr<Notifier> notifier_of(const NotifyRoute& route, HttpClient& http) {
  if (route.kind == "console") return std::make_unique<ConsoleNotifier>(std::cerr);
  if (route.kind == "slack")
    return std::make_unique<SlackNotifier>(
        SlackOptions{.webhook_url = route.url, .token = route.token, .channel = route.channel},
        http);
  return std::make_unique<WebhookNotifier>(WebhookOptions{.url = route.url, .secret = route.secret},
                                           http);
}

std::string base_url(const Settings& settings) {
  return settings.public_url.empty() ? "http://" + settings.listen : settings.public_url;
}

Notification notification_of(const Incident& incident, const OutboxRow& row,
                             const Settings& settings) {
  Notification out{.key = row.id,
                   .incident_id = incident.id,
                   .status = incident.status,
                   .severity = incident.severity,
                   .service = incident.service,
                   .owner = owner_of(settings.services, incident.service),
                   .title = mask(headline(incident)),
                   .text = mask(incident.because),
                   .url = mask(fmt::format("{}/incidents/{}", base_url(settings), incident.id)),
                   .fields = {},
                   .update_of = {}};
  const auto field = [&](std::string name, const std::string& value) {
    if (!value.empty()) out.fields.emplace_back(std::move(name), mask(value));
  };
  field("change", incident.plan);
  field("proof", incident.proof);
  field("pull request", incident.pr_url);
  field("records", std::to_string(incident.count));
  if (incident.plan.empty()) field("suggested fix", incident.suggested_fix);
  return out;
}

// The incident as it is now where a message is updated: a delayed row must not turn it back.
Result<Incident> newest(IncidentReader& incidents, const OutboxRow& row) {
  Incident told = TRY(from_json<Incident>(row.bytes));
  const auto now = TRY(incidents.incident(told.id));
  if (!now) return told;
  Incident out = TRY(from_json<Incident>(now->body_json));
  out.count = now->count;
  return out;
}

std::string digest_text(const std::vector<Incident>& incidents) {
  std::map<std::string, std::int64_t> services;
  for (const auto& one : incidents) ++services[one.service.empty() ? "unknown" : one.service];
  std::string out;
  for (const auto& [service, count] : services)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", service, count);
  out += "\n";
  for (std::size_t i = 0; i < std::min(kDigestLines, incidents.size()); ++i)
    out += fmt::format("- {}: {} ({} records)\n", incidents[i].service, incidents[i].summary,
                       incidents[i].count);
  if (incidents.size() > kDigestLines)
    out += fmt::format("- and {} more\n", incidents.size() - kDigestLines);
  return out;
}

}  // namespace

Result<void> NotifySink::notify(const OutboxRow& row) {
  const auto settings = settings_();
  const NotifyRoute& route = *TRY(route_of(*settings, row));
  const bool updates = !route.token.empty();
  const Incident incident =
      updates ? TRY(newest(store_, row)) : TRY(from_json<Incident>(row.bytes));
  const std::string key = route.name + "/" + incident.id;
  Notification notification = notification_of(incident, row, *settings);
  notification.update_of = TRY(store_.value(kMessages, key)).value_or("");
  const std::string id = TRY(notifier_of(route, http_)->send(notification));
  if (id == notification.update_of) return {};
  WriteBatch batch;
  batch.add(PutValue{{kMessages, key, id}});
  // Sent is sent: where this cannot be kept, the next one is a new message.
  commit_and_wait(store_, std::move(batch));
  return {};
}

Result<void> NotifySink::digest(const OutboxRow& row) {
  const auto settings = settings_();
  const NotifyRoute& route = *TRY(route_of(*settings, row));
  UnixMs end = 0;
  std::from_chars(row.bytes.data(), row.bytes.data() + row.bytes.size(), end);
  IncidentQuery query;
  query.severity = to_string(Severity::low);
  query.done = true;
  query.from = end - route.digest_every.count();
  query.to = end;
  query.limit = limits::kPageRowsMax;
  std::vector<Incident> incidents;
  for (const auto& one : TRY(store_.incidents(query)).rows) {
    Incident incident = TRY(from_json<Incident>(one.body_json));
    incident.count = one.count;
    if (is_for(route, owner_of(settings->services, incident.service)))
      incidents.push_back(std::move(incident));
  }
  if (incidents.empty()) return {};
  std::ranges::stable_sort(incidents, std::greater<>{}, &Incident::count);
  Notification notification{.key = row.id,
                            .incident_id = "digest",
                            .status = IncidentStatus::logged,
                            .severity = Severity::low,
                            .service = "",
                            .owner = "",
                            .title = mask(fmt::format("{} low incidents in {}", incidents.size(),
                                                      format_duration(route.digest_every))),
                            .text = mask(digest_text(incidents)),
                            .url = mask(base_url(*settings) + "/incidents"),
                            .fields = {},
                            .update_of = {}};
  TRY(notifier_of(route, http_)->send(notification));
  return {};
}

}  // namespace healer
