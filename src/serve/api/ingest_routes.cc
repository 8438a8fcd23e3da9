#include <fmt/format.h>

#include "serve/api/routes.h"
#include "stages/ingest/ingest.h"
#include "types/json.h"

namespace healer {
namespace {

void send_accepted(Responder& responder, const Result<Accepted>& accepted) {
  if (!accepted) return responder.send(problem(accepted.error()));
  HttpResponse answer{
      .status = 202,
      .body = fmt::format(R"({{"records":{},"incident_id":{}}})", accepted->records,
                          accepted->incident.empty() ? "null" : json_quote(accepted->incident))};
  responder.send(accepted->replayed ? marked_replayed(std::move(answer)) : std::move(answer));
}

// Runs on the socket thread: it only looks at the form of the body and hands it on.
void webhook(const World& world, HttpRequest request, Responder responder) {
  RawPayload payload;
  payload.source = "webhook:" + request.param("key");
  const std::string type = request.header("content-type");
  const PayloadFormat hint = type.find("ndjson") != std::string::npos  ? PayloadFormat::ndjson
                             : type.find("json") != std::string::npos  ? PayloadFormat::automatic
                             : type.find("text/") != std::string::npos ? PayloadFormat::text
                                                                       : PayloadFormat::automatic;
  const bool must_parse =
      type.find("json") != std::string::npos && hint == PayloadFormat::automatic;
  // A body said to be JSON that is several lines of it is NDJSON by any other name.
  auto format = classify_body(request.body, must_parse ? PayloadFormat::json : hint);
  if (!format && must_parse) {
    const auto found = classify_body(request.body, PayloadFormat::automatic);
    if (found && *found == PayloadFormat::ndjson) format = found;
  }
  if (!format) return responder.send(problem(format.error()));
  auto once = key_of(request, "POST /api/v1/webhooks");
  if (!once) return responder.send(problem(once.error()));
  payload.format = *format;
  payload.bytes = std::move(request.body);
  auto held = std::make_shared<Responder>(std::move(responder));
  world->submit(std::move(payload), false, std::move(*once),
                [held](Result<Accepted> accepted) { send_accepted(*held, accepted); });
}

void alerts(const World& world, HttpRequest request, Responder responder) {
  if (auto refused = too_large(request)) return responder.send(std::move(*refused));
  auto parsed = parse_alerts(request.body, world->clock.wall_ms());
  if (!parsed) return responder.send(problem(parsed.error()));
  auto once = key_of(request, "POST /api/v1/alertmanager");
  if (!once) return responder.send(problem(once.error()));
  auto held = std::make_shared<Responder>(std::move(responder));
  world->submit_alerts(std::move(*parsed), std::move(*once),
                       [held](Result<Accepted> accepted) { send_accepted(*held, accepted); });
}

void deploys(const ApiWorld& api, HttpRequest& request, Reply reply) {
  auto deploy = from_json<Deploy>(request.body);
  if (!deploy) return reply(std::unexpected(deploy.error()));
  if (deploy->commit.empty() && deploy->image.empty())
    return reply(fail(Errc::invalid_input, "a deploy needs a commit or an image"));
  if (deploy->status != "success" && deploy->status != "started" && deploy->status != "failed")
    return reply(fail(Errc::invalid_input, "status is success, started or failed"));
  if (deploy->at.ms == 0) deploy->at = api.clock.wall_ms();
  const auto accepted = [](Reply&& then, const Result<void>& done) {
    if (!done) return then(std::unexpected(done.error()));
    then(HttpResponse{.status = 202, .body = R"({"status":"accepted"})"});
  };
  if (deploy->status != "success") return accepted(std::move(reply), {});
  api.deployed(*deploy);
  api.hub.publish("deploy", to_json(*deploy));
  api.commands.deployed(*deploy, [accepted, reply = std::move(reply)](Result<void> done) mutable {
    accepted(std::move(reply), done);
  });
}

}  // namespace

void add_ingest_routes(std::vector<Route>& routes, const World& world) {
  const std::string accepted =
      R"({"type":"object","properties":{"records":{"type":"integer"},"incident_id":{"type":["string","null"]}}})";
  routes.push_back(
      {"POST", "/api/v1/webhooks/{key}", Access::admin,
       "log lines: text, a JSON object or array, or NDJSON; gzip is undone",
       [world](HttpRequest request, Responder responder) {
         webhook(world, std::move(request), std::move(responder));
       },
       R"({"type":"object","properties":{"log":{"type":"string"},"source":{"type":"string"}}})",
       accepted});
  const auto on_alerts = [world](HttpRequest request, Responder responder) {
    alerts(world, std::move(request), std::move(responder));
  };
  routes.push_back({"POST", "/api/v1/alertmanager", Access::admin,
                    "Alertmanager's webhook, version 4: firing and resolved", on_alerts,
                    R"({"type":"object"})", accepted});
  routes.push_back({"POST", "/api/v2/alerts", Access::admin,
                    "Alertmanager's own route, so that Prometheus can send here", on_alerts,
                    json_schema<Alert>().insert(0, R"({"type":"array","items":)") + "}", accepted});
  routes.push_back({"POST", "/api/v1/deploys", Access::admin,
                    "a service now runs this commit or image",
                    creating(world, "POST /api/v1/deploys", deploys), json_schema<Deploy>(), ""});
  routes.push_back({"POST", "/api/v1/normalize", Access::read, "a raw log into unified records",
                    on_worker(world,
                              [](const ApiWorld& api, HttpRequest& request, Responder& responder) {
                                RawPayload payload{.bytes = request.body};
                                payload.source = "api";
                                payload.is_final = true;
                                responder.json(200, api.normalize(payload));
                              }),
                    R"({"type":"object"})", R"({"type":"object"})"});
  routes.push_back(
      {"POST", "/api/v1/analyze", Access::read, "a raw log into the analysis; nothing is kept",
       on_worker(world,
                 [](const ApiWorld& api, HttpRequest& request, Responder& responder) {
                   std::string log = request.body;
                   if (says_json(request)) {
                     const auto fields = read_body(request.body);
                     if (!fields) return responder.send(problem(fields.error()));
                     if (!fields->contains("log"))
                       return responder.send(problem(400, "the body needs a \"log\""));
                     log = fields->at("log");
                   }
                   responder.json(200, api.analyze(log));
                 }),
       R"({"type":"object","required":["log"],"properties":{"log":{"type":"string"}}})",
       json_schema<Analysis>()});
}

}  // namespace healer
