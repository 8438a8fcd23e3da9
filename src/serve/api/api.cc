#include "serve/api/api.h"

#include <fmt/format.h>

#include "base/metrics.h"
#include "serve/api/routes.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr Millis kIdempotencyKept{24 * 3'600'000};
constexpr std::size_t kIdempotencyKeyBytesMax = 255;

std::string stored(const HttpResponse& response) {
  return fmt::format("{}\n{}", response.status, response.body);
}

HttpResponse restored(const std::string& text) {
  const auto line = text.find('\n');
  HttpResponse out;
  out.status = std::atoi(text.substr(0, line).c_str());
  if (line != std::string::npos) out.body = text.substr(line + 1);
  out.headers.emplace_back("Idempotency-Replayed", "true");
  return out;
}

struct KeyedPost {
  World world;
  std::string route, key;
  Responder responder;
};

// The answer is kept before it is sent: a client that repeats gets the same one.
void keep_and_send(std::shared_ptr<KeyedPost> post, HttpResponse response) {
  WriteBatch batch;
  batch.add(PutIdempotency{{.key = post->key,
                            .route = post->route,
                            .response = stored(response),
                            .expires = post->world->clock.wall_ms() + kIdempotencyKept.count()}});
  post->world->journal.commit(
      std::move(batch), [post, response = std::move(response)](const CommitResult& result) mutable {
        if (result.ok() || result.status == CommitStatus::conflict)
          return post->responder.send(std::move(response));
        post->responder.send(problem(to_error(result)));
      });
}

std::string parameters_of(const Route& route) {
  std::string out;
  std::string_view rest = route.pattern;
  for (auto at = rest.find('{'); at != std::string_view::npos; at = rest.find('{')) {
    const auto end = rest.find('}', at);
    out +=
        fmt::format(R"({}{{"name":{},"in":"path","required":true,"schema":{{"type":"string"}}}})",
                    out.empty() ? "" : ",", json_quote(rest.substr(at + 1, end - at - 1)));
    rest.remove_prefix(end + 1);
  }
  return out;
}

std::string operation(const Route& route) {
  std::string method = route.method;
  for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string id = method + route.pattern;
  for (char& c : id)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  std::string out = fmt::format(R"("{}":{{"operationId":{},"summary":{},"parameters":[{}])", method,
                                json_quote(id), json_quote(route.summary), parameters_of(route));
  if (!route.request_schema.empty())
    out += fmt::format(
        R"(,"requestBody":{{"required":true,"content":{{"application/json":{{"schema":{}}}}}}})",
        route.request_schema);
  const std::string content =
      route.response_schema.empty()
          ? ""
          : fmt::format(R"(,"content":{{"application/json":{{"schema":{}}}}})",
                        route.response_schema);
  out += fmt::format(
      R"(,"responses":{{"2XX":{{"description":"done"{}}},"default":{{"description":"a problem of RFC 9457",)"
      R"("content":{{"application/problem+json":{{"schema":{{"$ref":"#/components/schemas/Problem"}}}}}}}}}})",
      content);
  if (route.access == Access::open)
    out += R"(,"security":[])";
  else
    out += R"(,"security":[{},{"bearer":[]}])";
  return out + "}";
}

}  // namespace

Handler on_worker(World world, Blocking body) {
  return [world = std::move(world), body = std::move(body)](HttpRequest request,
                                                            Responder responder) {
    auto held = std::make_shared<std::pair<HttpRequest, Responder>>(std::move(request),
                                                                    std::move(responder));
    if (!world->workers.try_run([world, body, held] { body(*world, held->first, held->second); })) {
      ++Metrics::counter("http_workers_full_total");
      held->second.send(problem(503, "too many requests wait: try again in a second"));
    }
  };
}

Handler creating(World world, std::string route, Creating body) {
  return on_worker(world, [world, route = std::move(route), body = std::move(body)](
                              const ApiWorld& api, HttpRequest& request, Responder& responder) {
    const std::string key = request.header("idempotency-key");
    if (key.size() > kIdempotencyKeyBytesMax)
      return responder.send(problem(400, "the Idempotency-Key is longer than 255 bytes"));
    auto post = std::make_shared<KeyedPost>(world, route, key, std::move(responder));
    if (!key.empty()) {
      auto before = api.store.idempotent(route, key);
      if (!before) return post->responder.send(problem(before.error()));
      if (*before) return post->responder.send(restored(**before));
    }
    body(api, request, [post](Result<HttpResponse> response) {
      if (!response) return post->responder.send(problem(response.error()));
      if (post->key.empty()) return post->responder.send(std::move(*response));
      keep_and_send(post, std::move(*response));
    });
  });
}

bool says_json(const HttpRequest& request) {
  return request.header("content-type").find("json") != std::string::npos;
}

std::vector<Route> api_routes(World world) {
  std::vector<Route> routes;
  add_incident_routes(routes, world);
  add_act_routes(routes, world);
  add_ingest_routes(routes, world);
  add_demo_routes(routes, world);
  add_system_routes(routes, world);
  // Made of the table itself, once.
  routes.push_back({"GET", "/openapi.json", Access::open, "this description", {}, {}, {}});
  auto text = std::make_shared<const std::string>(openapi(routes, world->version));
  routes.back().handler = [text](const HttpRequest&, Responder responder) {
    responder.json(200, *text);
  };
  return routes;
}

std::string openapi(const std::vector<Route>& routes, std::string_view version) {
  std::map<std::string, std::string> paths;
  for (const auto& route : routes) {
    auto& path = paths[route.pattern];
    path += (path.empty() ? "" : ",") + operation(route);
  }
  std::string out = fmt::format(
      R"({{"openapi":"3.1.0","info":{{"title":"healer","version":{},)"
      R"("description":"Watches logs, fixes what fails by proven pull requests, and looks whether it healed."}},"paths":{{)",
      json_quote(version));
  bool first = true;
  for (const auto& [path, operations] : paths) {
    out += fmt::format("{}{}:{{{}}}", first ? "" : ",", json_quote(path), operations);
    first = false;
  }
  out += R"(},"components":{"securitySchemes":{"bearer":{"type":"http","scheme":"bearer"}},)"
         R"("schemas":{"Problem":{"type":"object","properties":{"type":{"type":"string"},)"
         R"("title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"}}}}}})";
  return out;
}

}  // namespace healer
