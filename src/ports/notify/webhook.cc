#include <fmt/format.h>

#include "base/hmac.h"
#include "ports/http/send_ok.h"
#include "ports/notify/notify.h"
#include "types/json.h"

namespace healer {
namespace {

std::string body_of(const Notification& n) {
  std::string fields;
  for (const auto& [name, value] : n.fields)
    fields += fmt::format("{}{}:{}", fields.empty() ? "" : ",", json_quote(name),
                          json_quote(value.str()));
  return fmt::format(
      R"({{"key":{},"incident_id":{},"status":{},"severity":{},"service":{},"owner":{},)"
      R"("title":{},"text":{},"url":{},"fields":{{{}}},"update":{}}})",
      json_quote(n.key), json_quote(n.incident_id), json_quote(to_string(n.status)),
      json_quote(to_string(n.severity)), json_quote(n.service), json_quote(n.owner),
      json_quote(n.title.str()), json_quote(n.text.str()), json_quote(n.url.str()), fields,
      n.update_of.empty() ? "false" : "true");
}

}  // namespace

WebhookNotifier::WebhookNotifier(WebhookOptions options, HttpClient& http)
    : options_(std::move(options)), http_(http) {}

Result<std::string> WebhookNotifier::send(const Notification& notification) {
  ClientRequest request{
      .method = "POST",
      .url = options_.url,
      .headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", notification.key}},
      .body = body_of(notification),
      .timeout = options_.timeout};
  if (!options_.secret.empty())
    request.headers.emplace_back("X-Healer-Signature-256",
                                 "sha256=" + hmac_sha256_hex(options_.secret, request.body));
  TRY(send_ok(http_, request, "the webhook"));
  return notification.incident_id;
}

}  // namespace healer
