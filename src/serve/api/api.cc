#include "serve/api/api.h"

#include <fmt/format.h>

#include <sstream>

#include "base/hash.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "serve/api/routes.h"
#include "types/json.h"

namespace healer {
namespace {

std::string stored(const IdempotencyKey& once, const HttpResponse& response) {
  return fmt::format("{} {}\n{}", hex16(once.request), response.status, response.body);
}

HttpResponse restored(const IdempotencyKey& once, const std::string& text) {
  const auto line = text.find('\n');
  const auto head = text.substr(0, line);
  if (line == std::string::npos || !head.starts_with(hex16(once.request)))
    return problem(409, "this Idempotency-Key came with another request before");
  HttpResponse out;
  out.status = std::atoi(head.c_str() + head.find(' ') + 1);
  out.body = text.substr(line + 1);
  return marked_replayed(std::move(out));
}

struct KeyedPost {
  World world;
  IdempotencyKey once;
  Responder responder;
};

// The answer is kept before it is sent: a client that repeats gets the same one.
void keep_and_send(std::shared_ptr<KeyedPost> post, HttpResponse response) {
  WriteBatch batch;
  batch.add(
      PutIdempotency{{.key = post->once.key,
                      .route = post->once.route,
                      .response = stored(post->once, response),
                      .expires = post->world->clock.wall_ms() + limits::kIdempotencyKept.count()}});
  post->world->journal.commit(
      std::move(batch), [post, response = std::move(response)](const CommitResult& result) mutable {
        if (result.ok() || result.status == CommitStatus::conflict)
          return post->responder.send(std::move(response));
        post->responder.send(problem(to_error(result)));
      });
}

std::string parameters_of(const Route& route) {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view in) {
    out += fmt::format(R"({}{{"name":{},"in":"{}","required":{},"schema":{{"type":"string"}}}})",
                       out.empty() ? "" : ",", json_quote(name), in, in == "path");
  };
  std::string_view rest = route.pattern;
  for (auto at = rest.find('{'); at != std::string_view::npos; at = rest.find('{')) {
    const auto end = rest.find('}', at);
    add(rest.substr(at + 1, end - at - 1), "path");
    rest.remove_prefix(end + 1);
  }
  std::istringstream names(route.query);
  for (std::string name; names >> name;) add(name, "query");
  if (route.method == "POST" && route.access == Access::admin) add("Idempotency-Key", "header");
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

std::optional<HttpResponse> too_large(const HttpRequest& request) {
  if (request.body.size() <= limits::kJsonBodyBytesMax) return std::nullopt;
  ++Metrics::counter("json_body_limit_hits");
  return problem(413, fmt::format("the body is larger than {} bytes", limits::kJsonBodyBytesMax));
}

Handler on_worker(World world, Blocking body) {
  return [world = std::move(world), body = std::move(body)](HttpRequest request,
                                                            Responder responder) {
    if (auto refused = too_large(request)) return responder.send(std::move(*refused));
    auto held = std::make_shared<std::pair<HttpRequest, Responder>>(std::move(request),
                                                                    std::move(responder));
    if (!world->workers.try_run([world, body, held] { body(*world, held->first, held->second); })) {
      ++Metrics::counter("http_workers_full_total");
      held->second.send(problem(503, "too many requests wait: try again in a second"));
    }
  };
}

void answer_once(const World& world, const std::string& route, HttpRequest& request,
                 Responder& responder, const Creating& body) {
  auto once = key_of(request, route);
  if (!once) return responder.send(problem(once.error()));
  auto post = std::make_shared<KeyedPost>(world, std::move(*once), std::move(responder));
  if (!post->once.empty()) {
    auto before = world->store.idempotent(post->once.route, post->once.key);
    if (!before) return post->responder.send(problem(before.error()));
    if (*before) return post->responder.send(restored(post->once, **before));
  }
  body(*world, request, [post](Result<HttpResponse> response) {
    if (!response) return post->responder.send(problem(response.error()));
    if (post->once.empty()) return post->responder.send(std::move(*response));
    keep_and_send(post, std::move(*response));
  });
}

Handler creating(World world, std::string route, Creating body) {
  return on_worker(world, [world, route = std::move(route), body = std::move(body)](
                              const ApiWorld&, HttpRequest& request, Responder& responder) {
    answer_once(world, route, request, responder, body);
  });
}

Result<IdempotencyKey> key_of(const HttpRequest& request, std::string route) {
  IdempotencyKey out{.route = std::move(route), .key = request.header("idempotency-key")};
  if (out.empty()) return out;
  if (out.key.size() > limits::kIdempotencyKeyBytesMax)
    return fail(Errc::invalid_input, fmt::format("the Idempotency-Key is longer than {} bytes",
                                                 limits::kIdempotencyKeyBytesMax));
  out.request = hash64(request.body, hash64(request.path));
  return out;
}

HttpResponse marked_replayed(HttpResponse response) {
  response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
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
