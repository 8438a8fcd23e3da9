#pragma once
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "ports/http/client.h"
#include "types/incident.h"
#include "types/mask.h"

namespace healer {

// What a person is told of one incident.
struct Notification {
  std::string key;  // incident id + step: the same if it is sent again after a crash
  std::string incident_id;
  IncidentStatus status = IncidentStatus::detected;
  Severity severity = Severity::low;
  std::string service, owner;  // as healer.yaml names them
  MaskedText title;            // one line
  MaskedText text;
  MaskedText url;  // of the incident; empty: none
  std::vector<std::pair<std::string, MaskedText>> fields;
  std::string update_of;  // what send() gave for this incident before; empty: its first message
};

// Tells people. Calls block for at most a few seconds; thread-safe. Never retries: an error that
// may pass (upstream, timeout, busy) carries retry_after_ms where the other side named a time.
class Notifier {
 public:
  virtual ~Notifier() = default;
  // Id of the message, to be given as `update_of` next time. denied: the credentials; not_found:
  // the address or channel. Errors never quote an address: those of webhooks are secrets.
  virtual Result<std::string> send(const Notification& notification) = 0;
};

struct SlackOptions {
  std::string webhook_url;     // incoming webhook, or else …
  std::string token, channel;  // … a bot: its message is updated in place
  std::string api_url = "https://slack.com/api";
  Millis timeout{10'000};
};

// Slack and what speaks like it (Mattermost, Rocket.Chat webhooks). With a bot, one incident is one
// message that changes; a webhook cannot change one, so each status is a new message.
class SlackNotifier final : public Notifier {
 public:
  SlackNotifier(SlackOptions options, HttpClient& http);
  Result<std::string> send(const Notification& notification) override;

 private:
  Result<std::string> call(std::string_view method, const Notification& notification,
                           std::string_view channel, std::string_view ts);
  const SlackOptions options_;
  HttpClient& http_;
};

struct WebhookOptions {
  std::string url;
  std::string secret;  // not empty: X-Healer-Signature-256 is "sha256=" and the body's HMAC
  Millis timeout{10'000};
};

// POSTs the notification as JSON; Idempotency-Key is its key. The id is the incident's.
class WebhookNotifier final : public Notifier {
 public:
  WebhookNotifier(WebhookOptions options, HttpClient& http);
  Result<std::string> send(const Notification& notification) override;

 private:
  const WebhookOptions options_;
  HttpClient& http_;
};

// One line a notification, without control characters.
class ConsoleNotifier final : public Notifier {
 public:
  explicit ConsoleNotifier(std::ostream& out) : out_(out) {}
  Result<std::string> send(const Notification& notification) override;

 private:
  std::ostream& out_;
};

}  // namespace healer
