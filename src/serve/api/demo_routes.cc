#include <fmt/format.h>

#include "serve/api/routes.h"
#include "types/json.h"

namespace healer {

void add_demo_routes(std::vector<Route>& routes, const World& world) {
  if (!world->inject) return;
  routes.push_back(
      {"GET", "/api/demo/scenarios", Access::read, "what the demo can break, and how it went",
       on_worker(world,
                 [](const ApiWorld& api, HttpRequest&, Responder& responder) {
                   std::string out = "[";
                   for (const auto& scenario : api.scenarios())
                     out += (out.size() > 1 ? "," : "") + to_json(scenario);
                   responder.json(200, out + "]");
                 }),
       "", fmt::format(R"({{"type":"array","items":{}}})", json_schema<DemoScenario>())});
  routes.push_back(
      {"POST", "/api/trigger-demo", Access::admin, "pushes and deploys a scenario's bad commit",
       creating(world, "POST /api/trigger-demo",
                [](const ApiWorld& api, HttpRequest& request, Reply reply) {
                  const auto fields = read_body(request.body);
                  if (!fields) return reply(std::unexpected(fields.error()));
                  const auto name = fields->find("scenario");
                  if (name == fields->end())
                    return reply(fail(Errc::invalid_input, "the body needs a \"scenario\""));
                  if (auto done = api.inject(name->second); !done)
                    return reply(std::unexpected(done.error()));
                  reply(HttpResponse{.status = 202,
                                     .body = fmt::format(R"({{"scenario":{},"status":"running"}})",
                                                         json_quote(name->second))});
                }),
       R"({"type":"object","required":["scenario"],"properties":{"scenario":{"type":"string"}}})",
       ""});
}

}  // namespace healer
