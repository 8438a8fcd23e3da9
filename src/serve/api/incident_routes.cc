#include <fmt/format.h>

#include <charconv>

#include "serve/api/routes.h"
#include "types/json.h"

namespace healer {
namespace {

// The body as stored, with the two columns that move without it.
std::string merged(const IncidentRow& row) {
  auto incident = from_json<Incident>(row.body_json);
  if (!incident) return row.body_json;
  incident->count = row.count;
  incident->last_seen = row.last_seen;
  return to_json(*incident);
}

Result<IncidentQuery> read_query(const HttpRequest& request) {
  IncidentQuery query;
  for (const auto& [name, value] : request.query) {
    if (name == "status")
      query.status = value;
    else if (name == "severity")
      query.severity = value;
    else if (name == "category")
      query.category = value;
    else if (name == "service")
      query.service = value;
    else if (name == "q")
      query.text = value;
    else if (name == "cursor")
      query.cursor = value;
    else if (name == "done")
      query.done = value == "true";
    else if (name == "hidden")
      query.with_hidden = value == "true";
    else if (name == "from" || name == "to") {
      const auto at = parse_rfc3339(value);
      if (!at)
        return fail(Errc::invalid_input, name + " is not a time such as 2026-01-31T12:00:00Z");
      (name == "from" ? query.from : query.to) = *at;
    } else if (name == "limit") {
      const auto end = value.data() + value.size();
      if (std::from_chars(value.data(), end, query.limit).ptr != end || query.limit == 0 ||
          query.limit > limits::kPageRowsMax)
        return fail(Errc::invalid_input,
                    fmt::format("limit is a number from 1 to {}", limits::kPageRowsMax));
    } else {
      return fail(Errc::invalid_input, "there is no filter \"" + name + "\"");
    }
  }
  return query;
}

void list(const ApiWorld& api, HttpRequest& request, Responder& responder) {
  const auto query = read_query(request);
  if (!query) return responder.send(problem(query.error()));
  const auto page = api.store.incidents(*query);
  if (!page) return responder.send(problem(page.error()));
  std::string out = R"({"incidents":[)";
  for (std::size_t i = 0; i < page->rows.size(); ++i)
    out += (i == 0 ? "" : ",") + merged(page->rows[i]);
  out += fmt::format(R"(],"next":{}}})", page->next.empty() ? "null" : json_quote(page->next));
  responder.json(200, std::move(out));
}

void show(const ApiWorld& api, HttpRequest& request, Responder& responder) {
  const std::string id = request.param("id");
  const auto row = api.store.incident(id);
  if (!row) return responder.send(problem(row.error()));
  if (!*row) return responder.send(problem(404, "there is no incident " + id));
  responder.json(200, merged(**row));
}

// The log as one event; `incident_id` joins a known incident, whose workflow is told.
void create(const ApiWorld& api, HttpRequest& request, Reply reply) {
  const auto fields = read_body(request.body);
  if (!fields) return reply(std::unexpected(fields.error()));
  const auto text = [&](const char* name) {
    const auto it = fields->find(name);
    return it == fields->end() ? std::string() : it->second;
  };
  if (const std::string joined = text("incident_id"); !joined.empty()) {
    IncidentSignal signal{.kind = SignalKind::report, .actor = request.actor};
    signal.why = text("log").empty() ? text("summary") : text("log");
    return api.commands.act(
        joined, signal, [joined, reply = std::move(reply)](Result<void> done) mutable {
          if (!done) return reply(std::unexpected(done.error()));
          reply(HttpResponse{
              .status = 202,
              .body = fmt::format(R"({{"id":{},"status":"queued"}})", json_quote(joined))});
        });
  }
  std::string log = text("log");
  for (const char* name : {"message", "summary", "title", "description"})
    if (log.empty()) log = text(name);
  if (log.empty())
    return reply(fail(Errc::invalid_input, "an incident needs a \"log\": the lines that show it"));
  RawPayload payload{.bytes = std::move(log), .format = PayloadFormat::text};
  payload.source = text("source").empty() ? "api" : text("source");
  payload.service = text("service");
  payload.host = text("host");
  api.submit(std::move(payload), true,
             [reply = std::move(reply)](Result<Accepted> accepted) mutable {
               if (!accepted) return reply(std::unexpected(accepted.error()));
               if (accepted->incident.empty())
                 return reply(fail(Errc::invalid_input, "the log has no line that could be read"));
               reply(HttpResponse{.status = accepted->is_new ? 201 : 202,
                                  .body = fmt::format(R"({{"id":{},"status":"queued"}})",
                                                      json_quote(accepted->incident))});
             });
}

void stats(const ApiWorld& api, HttpRequest&, Responder& responder) {
  const auto stats = api.store.incident_stats();
  if (!stats) return responder.send(problem(stats.error()));
  const auto counts = [](const std::map<std::string, std::int64_t>& map) {
    std::string out;
    for (const auto& [name, n] : map)
      out += fmt::format("{}{}:{}", out.empty() ? "" : ",", json_quote(name), n);
    return out;
  };
  responder.json(
      200,
      fmt::format(R"({{"total":{},"open":{},"by_status":{{{}}},"by_severity":{{{}}},)"
                  R"("by_category":{{{}}},"by_service":{{{}}}}})",
                  stats->total, stats->open, counts(stats->by_status), counts(stats->by_severity),
                  counts(stats->by_category), counts(stats->by_service)));
}

}  // namespace

void add_incident_routes(std::vector<Route>& routes, const World& world) {
  const std::string one = json_schema<Incident>();
  const std::string many = fmt::format(
      R"({{"type":"object","properties":{{"incidents":{{"type":"array","items":{}}},"next":{{"type":["string","null"]}}}}}})",
      one);
  const std::string log =
      R"({"type":"object","properties":{"log":{"type":"string"},"source":{"type":"string"},)"
      R"("service":{"type":"string"},"host":{"type":"string"},"incident_id":{"type":"string"}}})";
  const std::string queued =
      R"({"type":"object","properties":{"id":{"type":"string"},"status":{"const":"queued"}}})";
  for (const char* base : {"/incidents", "/api/incidents"}) {
    const std::string path = base;
    routes.push_back({"GET", path, Access::read,
                      "incidents, newest first; filters status, severity, category, service, done, "
                      "q, from, to; cursor and limit page",
                      on_worker(world, list), "", many});
    routes.push_back({"POST", path, Access::admin, "a new incident of a log",
                      creating(world, "POST /incidents", create), log, queued});
    routes.push_back({"GET", path + "/{id}", Access::read, "one incident with its timeline",
                      on_worker(world, show), "", one});
  }
  routes.push_back({"GET", "/api/stats", Access::read,
                    "incidents by status, severity, category and service", on_worker(world, stats),
                    "", R"({"type":"object"})"});
}

}  // namespace healer
