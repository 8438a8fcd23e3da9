#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "incident/commands.h"
#include "ports/http/server.h"
#include "ports/store/store.h"
#include "serve/api/workers.h"
#include "serve/stream/event_hub.h"
#include "stages/ingest/payload.h"
#include "types/alert.h"
#include "types/demo.h"
#include "types/idempotency_key.h"

namespace healer {

// What a route hands to the signal plane, and what comes back once it is on disk.
struct Accepted {
  std::size_t records = 0;
  std::string incident;  // the worst one it is part of; empty if none
  bool is_new = false;
  bool replayed = false;  // the answer of an earlier request with the same key
};
using AcceptedDone = std::move_only_function<void(Result<Accepted>)>;

// Everything that routes use. References and functions outlive the server.
struct ApiWorld {
  Store& store;
  JournalWriter& journal;
  IncidentCommands& commands;
  EventHub& hub;
  Workers& workers;  // what blocks runs here
  const Clock& clock;
  Ids& ids;
  std::string version;
  std::function<void(RawPayload, bool always, IdempotencyKey, AcceptedDone)> submit;
  std::function<void(std::vector<Alert>, IdempotencyKey, AcceptedDone)> submit_alerts;
  std::function<void(const Deploy&)> deployed;                      // before it is committed
  std::function<std::string(const std::string& log)> analyze;       // Analysis JSON
  std::function<std::string(const RawPayload&)> normalize;          // records as JSON
  std::function<Result<void>(const std::string& scenario)> inject;  // empty: no demo here
  std::function<std::vector<DemoScenario>()> scenarios;
  std::function<Result<void>()> ready;  // why it is not, if it is not
};

// Every route of the server; the one table that the server, the router and /openapi.json read.
std::vector<Route> api_routes(std::shared_ptr<const ApiWorld> world);

// OpenAPI 3.1 of the routes.
std::string openapi(const std::vector<Route>& routes, std::string_view version);

}  // namespace healer
