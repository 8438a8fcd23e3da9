#include "ports/notify/notify.h"

#include <gtest/gtest.h>

#include <future>
#include <sstream>

#include "base/hmac.h"
#include "ports/http/fake.h"
#include "ports/notify/fake.h"

namespace healer {
namespace {

Notification notification() {
  Notification out;
  out.key = "inc-1/publish";
  out.incident_id = "inc-1";
  out.status = IncidentStatus::pr_open;
  out.severity = Severity::critical;
  out.service = "shop";
  out.owner = "team-a";
  out.title = mask("pool is <exhausted> & \"full\"");
  out.text = mask("said <!channel> with password=hunter2secret");
  out.url = mask("http://127.0.0.1:3000/incidents/inc-1");
  out.fields = {{"file", mask("config/database.yaml")}};
  return out;
}

ClientResponse ok(std::string body) { return {200, {}, std::move(body)}; }

SlackOptions bot() {
  SlackOptions out;
  out.token = "xoxb-1";
  out.channel = "#ops";
  return out;
}

TEST(Slack, OneIncidentIsOneMessage) {
  ScriptedClient http;
  http.answers = {ok(R"({"ok":true,"ts":"1712.0001","channel":"C42"})"),
                  ok(R"({"ok":true,"ts":"1712.0001","channel":"C42"})")};
  SlackNotifier slack(bot(), http);
  Notification n = notification();
  const auto first = slack.send(n);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, "C42/1712.0001");
  n.update_of = *first;
  EXPECT_EQ(slack.send(n).value_or(""), "C42/1712.0001");
  ASSERT_EQ(http.asked.size(), 2U);
  EXPECT_EQ(http.asked[0].url, "https://slack.com/api/chat.postMessage");
  EXPECT_NE(http.asked[0].body.find(R"("channel":"#ops")"), std::string::npos);
  EXPECT_EQ(http.asked[1].url, "https://slack.com/api/chat.update");
  EXPECT_NE(http.asked[1].body.find(R"("channel":"C42","ts":"1712.0001")"), std::string::npos);
  EXPECT_EQ(http.asked[0].headers[0].second, "Bearer xoxb-1");
}

TEST(Slack, DeletedMessageIsPostedAgain) {
  ScriptedClient http;
  http.answers = {ok(R"({"ok":false,"error":"message_not_found"})"),
                  ok(R"({"ok":true,"ts":"2","channel":"C42"})")};
  SlackNotifier slack(bot(), http);
  Notification n = notification();
  n.update_of = "C42/1";
  EXPECT_EQ(slack.send(n).value_or(""), "C42/2");
}

TEST(Slack, MarkupOfLogsIsHarmlessAndSecretsAreGone) {
  ScriptedClient http;
  http.answers = {ok("ok")};
  SlackOptions options;
  options.webhook_url = "https://hooks.example/T/B/x";
  SlackNotifier slack(options, http);
  ASSERT_TRUE(slack.send(notification()));
  const std::string& body = http.asked.at(0).body;
  EXPECT_EQ(body.find("<!channel>"), std::string::npos) << body;
  EXPECT_NE(body.find("&lt;!channel&gt;"), std::string::npos) << body;
  EXPECT_EQ(body.find("hunter2secret"), std::string::npos) << body;
  EXPECT_NE(body.find("<http://127.0.0.1:3000/incidents/inc-1|inc-1>"), std::string::npos) << body;
  EXPECT_NE(body.find("critical · shop · pr_open"), std::string::npos) << body;
}

TEST(Slack, LongTextsAreCutBetweenCharacters) {
  ScriptedClient http;
  http.answers = {ok("ok")};
  SlackOptions options;
  options.webhook_url = "https://hooks.example/x";
  SlackNotifier slack(options, http);
  Notification n = notification();
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "é<";
  n.text = n.title = mask(many);
  ASSERT_TRUE(slack.send(n));
  const std::string& body = http.asked.at(0).body;
  EXPECT_LT(body.size(), 10'000U);
  EXPECT_EQ(body.find("\\ufffd"), std::string::npos);
  EXPECT_EQ(body.find("\xEF\xBF\xBD"), std::string::npos);
  EXPECT_NE(body.find("…"), std::string::npos);
}

struct Refused {
  Result<ClientResponse> answer;
  Errc code;
  long retry_after_ms;
};

TEST(Slack, ErrorsAreTypedAndNeverQuoteTheAddress) {
  const std::string url = "https://hooks.example/T/B/very-secret";
  const Refused cases[] = {
      {fail(Errc::upstream, url + " asks to wait", 7000), Errc::upstream, 7000},
      {fail(Errc::timeout, url + " did not answer within 10s"), Errc::timeout, 0},
      {ClientResponse{429, {}, ""}, Errc::upstream, 0},
      {ClientResponse{503, {}, ""}, Errc::upstream, 0},
      {ClientResponse{403, {}, ""}, Errc::denied, 0},
      {ClientResponse{404, {}, "no_service"}, Errc::not_found, 0},
      {ClientResponse{400, {}, "invalid_payload"}, Errc::invalid_input, 0},
  };
  for (const auto& one : cases) {
    ScriptedClient http;
    http.answers = {one.answer};
    SlackOptions options;
    options.webhook_url = url;
    SlackNotifier slack(options, http);
    const auto sent = slack.send(notification());
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, one.code) << sent.error().message;
    EXPECT_EQ(sent.error().retry_after_ms, one.retry_after_ms);
    EXPECT_EQ(sent.error().message.find("very-secret"), std::string::npos) << sent.error().message;
  }
}

TEST(Slack, RefusalsInsideAnAnswer) {
  const std::pair<std::string_view, Errc> cases[] = {{"invalid_auth", Errc::denied},
                                                     {"channel_not_found", Errc::not_found},
                                                     {"ratelimited", Errc::upstream},
                                                     {"invalid_blocks", Errc::invalid_input}};
  for (const auto& [word, code] : cases) {
    ScriptedClient http;
    http.answers = {ok("{\"ok\":false,\"error\":\"" + std::string(word) + "\"}")};
    SlackNotifier slack(bot(), http);
    const auto sent = slack.send(notification());
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, code) << word;
  }
  ScriptedClient http;
  http.answers = {ok("<html>")};
  SlackNotifier slack(bot(), http);
  EXPECT_EQ(slack.send(notification()).error().code, Errc::upstream);
}

TEST(Console, OneHarmlessLine) {
  std::ostringstream out;
  ConsoleNotifier console(out);
  Notification n = notification();
  n.title = mask("two\nlines \x1b[2J");
  ASSERT_TRUE(console.send(n));
  EXPECT_EQ(out.str(),
            "[critical] shop: two lines  [2J (pr_open) http://127.0.0.1:3000/incidents/inc-1\n");
  out.setstate(std::ios::badbit);
  EXPECT_EQ(console.send(n).error().code, Errc::io);
}

// A real listener on a free port that remembers one request and answers what it is told.
struct Listener {
  std::promise<HttpRequest> got;
  std::unique_ptr<HttpServer> server;

  explicit Listener(HttpResponse answer) {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    std::vector<Route> routes;
    routes.push_back({"POST", "/hook/secret-path", Access::open, "",
                      [this, answer](HttpRequest request, Responder responder) {
                        got.set_value(std::move(request));
                        responder.send(answer);
                      },
                      "", ""});
    auto started = HttpServer::start(options, std::move(routes));
    EXPECT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  std::string url() const { return "http://" + server->address() + "/hook/secret-path"; }
};

TEST(Webhook, SignedOverTheWire) {
  Listener listener({200, "{}", "application/json", {}});
  CurlClient http;
  WebhookNotifier webhook({.url = listener.url(), .secret = "shared"}, http);
  const auto sent = webhook.send(notification());
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(*sent, "inc-1");
  const HttpRequest request = listener.got.get_future().get();
  EXPECT_EQ(request.header("idempotency-key"), "inc-1/publish");
  EXPECT_EQ(request.header("x-healer-signature-256"),
            "sha256=" + hmac_sha256_hex("shared", request.body));
  EXPECT_EQ(request.body, R"({"key":"inc-1/publish","incident_id":"inc-1","status":"pr_open",)"
                          R"("severity":"critical","service":"shop","owner":"team-a",)"
                          R"("title":"pool is <exhausted> & \"full\"",)"
                          R"("text":"said <!channel> with password=[secret]",)"
                          R"("url":"http://127.0.0.1:3000/incidents/inc-1",)"
                          R"("fields":{"file":"config/database.yaml"},"update":false})");
}

TEST(Webhook, RetryAfterOverTheWire) {
  Listener listener({429, "{}", "application/json", {{"Retry-After", "3"}}});
  CurlClient http;
  WebhookNotifier webhook({.url = listener.url(), .secret = {}}, http);
  const auto sent = webhook.send(notification());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::upstream);
  EXPECT_EQ(sent.error().retry_after_ms, 3000);
  EXPECT_EQ(sent.error().message.find("secret-path"), std::string::npos) << sent.error().message;
  EXPECT_EQ(listener.got.get_future().get().header("x-healer-signature-256"), "");
}

TEST(Slack, OverTheWire) {
  Listener listener({200, "ok", "text/plain", {}});
  CurlClient http;
  SlackOptions options;
  options.webhook_url = listener.url();
  SlackNotifier slack(options, http);
  const auto sent = slack.send(notification());
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_TRUE(listener.got.get_future().get().body.starts_with(R"({"text":"pool is &lt;)"));
}

}  // namespace
}  // namespace healer
