#pragma once
#include "serve/api/api.h"
#include "serve/api/body.h"

namespace healer {

using World = std::shared_ptr<const ApiWorld>;

// The groups of the route table; each appends its own.
void add_incident_routes(std::vector<Route>& routes, const World& world);
void add_act_routes(std::vector<Route>& routes, const World& world);
void add_ingest_routes(std::vector<Route>& routes, const World& world);
void add_demo_routes(std::vector<Route>& routes, const World& world);
void add_system_routes(std::vector<Route>& routes, const World& world);

// The refusal of a body beyond limits::kJsonBodyBytesMax.
std::optional<HttpResponse> too_large(const HttpRequest& request);

// Runs on a worker, where it may block; 413 for what is too_large(), 503 where too many wait.
using Blocking = std::function<void(const ApiWorld&, HttpRequest&, Responder&)>;
Handler on_worker(World world, Blocking body);

// For a POST that creates, on a worker: an Idempotency-Key that was answered before gets that
// answer.
using Reply = std::move_only_function<void(Result<HttpResponse>)>;
using Creating = std::function<void(const ApiWorld&, HttpRequest&, Reply)>;
void answer_once(const World& world, const std::string& route, HttpRequest& request,
                 Responder& responder, const Creating& body);
Handler creating(World world, std::string route, Creating body);

// The request's Idempotency-Key, empty if it has none; invalid_input if it is too long.
Result<IdempotencyKey> key_of(const HttpRequest& request, std::string route);
HttpResponse marked_replayed(HttpResponse response);

// Browsers may send a form to anybody: writes of JSON routes must say that they are JSON.
bool says_json(const HttpRequest& request);

}  // namespace healer
