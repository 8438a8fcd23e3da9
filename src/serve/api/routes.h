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

// Runs on a worker, where it may block; 503 where too many wait.
using Blocking = std::function<void(const ApiWorld&, HttpRequest&, Responder&)>;
Handler on_worker(World world, Blocking body);

// The same for a POST that creates: an Idempotency-Key that was answered before gets that answer.
using Reply = std::move_only_function<void(Result<HttpResponse>)>;
using Creating = std::function<void(const ApiWorld&, HttpRequest&, Reply)>;
Handler creating(World world, std::string route, Creating body);

// Browsers may send a form to anybody: writes of JSON routes must say that they are JSON.
bool says_json(const HttpRequest& request);

}  // namespace healer
