#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/metrics.h"
#include "ports/http/send_ok.h"
#include "ports/notify/notify.h"
#include "ports/notify/slack_answer.h"
#include "types/json.h"

namespace healer {
namespace {

// Slack refuses a whole message for one part that is longer.
constexpr std::size_t kTitleBytesMax = 150, kTextBytesMax = 2900, kFieldBytesMax = 1900,
                      kFieldsMax = 10;

// Slack's markup has three special characters; escaped, "<!channel>" in a log calls nobody.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

constexpr std::string_view kMore = "…";

bool begins_character(std::string_view text, std::size_t at) {
  return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

// `text` as Slack's markup or plain, cut between characters and marked where it is too long.
std::string fitted(std::string_view text, std::size_t bytes_max, bool is_markup) {
  std::string out;
  std::size_t good = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += is_markup ? escaped(text.substr(i, 1)) : std::string(1, text[i]);
    if (out.size() > bytes_max) {
      Metrics::counter("notification_text_cut").fetch_add(1, std::memory_order_relaxed);
      return out.substr(0, good).append(kMore);
    }
    if (begins_character(text, i + 1) && out.size() + kMore.size() <= bytes_max) good = out.size();
  }
  return out;
}

std::string markup(std::string_view text, std::size_t bytes_max) {
  return fitted(text, bytes_max, true);
}

std::string text_object(std::string_view text) {
  return fmt::format(R"({{"type":"mrkdwn","text":{}}})", json_quote(text));
}

std::string blocks_of(const Notification& n) {
  std::string out = fmt::format(
      R"([{{"type":"header","text":{{"type":"plain_text","text":{}}}}})",
      json_quote(fitted(n.title.empty() ? n.incident_id : n.title.str(), kTitleBytesMax, false)));
  if (!n.text.empty())
    out += fmt::format(R"(,{{"type":"section","text":{}}})",
                       text_object(markup(n.text.str(), kTextBytesMax)));
  std::string fields;
  for (std::size_t i = 0; i < std::min(n.fields.size(), kFieldsMax); ++i)
    fields +=
        fmt::format("{}{}", i == 0 ? "" : ",",
                    text_object(fmt::format("*{}*\n{}", escaped(n.fields[i].first),
                                            markup(n.fields[i].second.str(), kFieldBytesMax))));
  if (!fields.empty()) out += fmt::format(R"(,{{"type":"section","fields":[{}]}})", fields);
  std::string foot =
      fmt::format("{} · {} · {}", to_string(n.severity), escaped(n.service), to_string(n.status));
  foot += n.url.empty() ? fmt::format(" · {}", escaped(n.incident_id))
                        : fmt::format(" · <{}|{}>", escaped(n.url.str()), escaped(n.incident_id));
  return out + fmt::format(R"(,{{"type":"context","elements":[{}]}}])", text_object(foot));
}

std::string content(const Notification& n) {
  return fmt::format(R"("text":{},"blocks":{})", json_quote(markup(n.title.str(), kTextBytesMax)),
                     blocks_of(n));
}

Error error_of(const std::string& word) {
  constexpr std::array<std::string_view, 7> kDenied{
      "invalid_auth",  "not_authed",    "account_inactive",   "token_revoked",
      "token_expired", "missing_scope", "cant_update_message"};
  constexpr std::array<std::string_view, 3> kGone{"channel_not_found", "message_not_found",
                                                  "is_archived"};
  constexpr std::array<std::string_view, 4> kLater{"ratelimited", "internal_error", "fatal_error",
                                                   "service_unavailable"};
  const auto in = [&](const auto& words) { return std::ranges::find(words, word) != words.end(); };
  const Errc code = in(kDenied)  ? Errc::denied
                    : in(kGone)  ? Errc::not_found
                    : in(kLater) ? Errc::upstream
                                 : Errc::invalid_input;
  return {code, "slack refused it: " + word, 0};
}

}  // namespace

SlackNotifier::SlackNotifier(SlackOptions options, HttpClient& http)
    : options_(std::move(options)), http_(http) {}

Result<std::string> SlackNotifier::call(std::string_view method, const Notification& notification,
                                        std::string_view channel, std::string_view ts) {
  ClientRequest request{
      .method = "POST",
      .url = fmt::format("{}/{}", options_.api_url, method),
      .headers = {{"Authorization", "Bearer " + options_.token},
                  {"Content-Type", "application/json; charset=utf-8"}},
      .body = fmt::format(R"({{"channel":{},{}{}}})", json_quote(channel),
                          ts.empty() ? "" : fmt::format(R"("ts":{},)", json_quote(ts)),
                          content(notification)),
      .timeout = options_.timeout};
  const ClientResponse response = TRY(send_ok(http_, request, "slack"));
  const auto answer = from_json<SlackAnswer>(response.body);
  if (!answer) return fail(Errc::upstream, "slack answered what is not its JSON");
  if (!answer->ok) return std::unexpected(error_of(answer->error));
  // An update needs the channel's id, whatever name the message was sent to.
  return fmt::format("{}/{}", answer->channel.empty() ? channel : answer->channel, answer->ts);
}

Result<std::string> SlackNotifier::send(const Notification& notification) {
  if (options_.token.empty()) {
    ClientRequest request{.method = "POST",
                          .url = options_.webhook_url,
                          .headers = {{"Content-Type", "application/json; charset=utf-8"}},
                          .body = "{" + content(notification) + "}",
                          .timeout = options_.timeout};
    TRY(send_ok(http_, request, "the slack webhook"));
    return notification.incident_id;
  }
  const auto slash = notification.update_of.find('/');
  if (slash != std::string::npos) {
    const std::string_view id = notification.update_of;
    auto updated = call("chat.update", notification, id.substr(0, slash), id.substr(slash + 1));
    // Somebody deleted it: the incident still has to be seen.
    if (updated || updated.error().code != Errc::not_found) return updated;
  }
  return call("chat.postMessage", notification, options_.channel, {});
}

}  // namespace healer
