#include <fmt/format.h>

#include "base/metrics.h"
#include "serve/api/routes.h"
#include "types/json.h"
#include "types/mask.h"

namespace healer {
namespace {

void listen(const World& world, const HttpRequest& request, Responder responder) {
  std::string last = request.header("last-event-id");
  if (const auto it = request.query.find("last_event_id");
      last.empty() && it != request.query.end())
    last = it->second;
  world->hub.serve(std::move(responder), last);
}

// A flow's or agent's notification: shown to those who listen, acted on by nobody.
void notice(const ApiWorld& api, HttpRequest& request, Reply reply) {
  if (request.body.size() > limits::kNoticeBytesMax) {
    ++Metrics::counter("notice_limit_hits");
    return reply(problem(413, "a notification may have 64 KiB at most"));
  }
  const auto fields = read_body(request.body);
  if (!fields) return reply(std::unexpected(fields.error()));
  std::string masked = mask(request.body).str();
  // Masking may cut a string open; then only the fact of the notice is told.
  if (!read_body(masked)) masked = "{}";
  api.hub.publish("notice", std::move(masked));
  reply(HttpResponse{.status = 202, .body = R"({"status":"accepted"})"});
}

}  // namespace

void add_system_routes(std::vector<Route>& routes, const World& world) {
  const auto on_listen = [world](const HttpRequest& request, Responder responder) {
    listen(world, request, std::move(responder));
  };
  routes.push_back({"GET", "/api/events", Access::read,
                    "every change as it happens (server-sent events, Last-Event-ID)", on_listen, "",
                    "", "last_event_id"});
  routes.push_back({"GET", "/api/live", Access::read, "the same over a WebSocket", on_listen, "",
                    "", "last_event_id"});
  for (const char* path : {"/api/events", "/api/kestra-webhook"})
    routes.push_back({"POST", path, Access::admin, "a notification of a flow, shown to listeners",
                      creating(world, path, notice), R"({"type":"object"})", ""});
  const auto health = [world](const HttpRequest&, Responder responder) {
    const auto ready = world->ready();
    responder.json(ready ? 200 : 503,
                   fmt::format(R"({{"status":{},"version":{},"detail":{}}})",
                               ready ? R"("ok")" : R"("degraded")", json_quote(world->version),
                               json_quote(ready ? "" : ready.error().message)));
  };
  routes.push_back({"GET", "/health", Access::open, "whether all of it works", health, "", ""});
  routes.push_back({"GET", "/readyz", Access::open, "whether it takes work", health, "", ""});
  routes.push_back(
      {"GET", "/livez", Access::open, "whether the process answers",
       [](const HttpRequest&, Responder responder) { responder.json(200, R"({"status":"ok"})"); },
       "", ""});
  routes.push_back(
      {"GET", "/metrics", Access::read, "counters and gauges as Prometheus text",
       [](const HttpRequest&, Responder responder) {
         responder.send(
             {200, Metrics::prometheus_text(), "text/plain; version=0.0.4; charset=utf-8", {}});
       },
       "", ""});
}

}  // namespace healer
