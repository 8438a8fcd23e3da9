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

template <class Word>
Result<std::string> word_of(const std::string& name, const std::string& value) {
  if (parse_enum<Word>(value)) return value;
  return fail(Errc::invalid_input,
              fmt::format("{} is one of {}", name, fmt::join(NamesOf<Word>::names, ", ")));
}

Result<bool> bool_of(const std::string& name, const std::string& value) {
  if (value == "true" || value == "false") return value == "true";
  return fail(Errc::invalid_input, name + " is true or false");
}

Result<IncidentQuery> read_query(const HttpRequest& request) {
  IncidentQuery query;
  for (const auto& [name, value] : request.query) {
    if (name == "status")
      query.status = TRY(word_of<IncidentStatus>(name, value));
    else if (name == "severity")
      query.severity = TRY(word_of<Severity>(name, value));
    else if (name == "category")
      query.category = TRY(word_of<Category>(name, value));
    else if (name == "service")
      query.service = value;
    else if (name == "q")
      query.text = value;
    else if (name == "cursor")
      query.cursor = value;
    else if (name == "done")
      query.done = TRY(bool_of(name, value));
    else if (name == "hidden")
      query.with_hidden = TRY(bool_of(name, value));
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

std::string first_of(const BodyFields& fields, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto it = fields.find(name); it != fields.end() && !it->second.empty())
      return it->second;
  return {};
}

HttpResponse queued(int status, const std::string& id) {
  return {.status = status,
          .body = fmt::format(R"({{"id":{},"status":"queued"}})", json_quote(id))};
}

// More of a known incident, as somebody says.
void claim(const ApiWorld& api, HttpRequest& request, const BodyFields& fields, Reply reply) {
  const std::string id = first_of(fields, {"incident_id"});
  IncidentSignal signal{.kind = SignalKind::report, .actor = request.actor};
  signal.why = first_of(fields, {"log", "summary"});
  api.commands.act(id, signal, [id, reply = std::move(reply)](Result<void> done) mutable {
    if (!done) return reply(std::unexpected(done.error()));
    reply(queued(202, id));
  });
}

// The log as one event; `incident_id` joins a known incident, whose workflow is told.
void create(const World& world, HttpRequest& request, Responder& responder) {
  const auto fields = read_body(request.body);
  if (!fields) return responder.send(problem(fields.error()));
  if (!first_of(*fields, {"incident_id"}).empty())
    return answer_once(world, "POST /incidents claim", request, responder,
                       [&](const ApiWorld& api, HttpRequest& asked, Reply reply) {
                         claim(api, asked, *fields, std::move(reply));
                       });
  std::string log = first_of(*fields, {"log", "message", "summary", "title", "description"});
  if (log.empty())
    return responder.send(problem(400, "an incident needs a \"log\": the lines that show it"));
  auto once = key_of(request, "POST /incidents");
  if (!once) return responder.send(problem(once.error()));
  RawPayload payload{.bytes = std::move(log), .format = PayloadFormat::text};
  payload.source = first_of(*fields, {"source"});
  if (payload.source.empty()) payload.source = "api";
  payload.service = first_of(*fields, {"service"});
  payload.host = first_of(*fields, {"host"});
  auto held = std::make_shared<Responder>(std::move(responder));
  world->submit(
      std::move(payload), true, std::move(*once), [held](const Result<Accepted>& accepted) {
        if (!accepted) return held->send(problem(accepted.error()));
        if (accepted->incident.empty())
          return held->send(problem(400, "the log has no line that could be read"));
        HttpResponse answer = queued(accepted->is_new ? 201 : 202, accepted->incident);
        held->send(accepted->replayed ? marked_replayed(std::move(answer)) : std::move(answer));
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
  const std::string answered =
      R"({"type":"object","properties":{"id":{"type":"string"},"status":{"const":"queued"}}})";
  for (const char* base : {"/incidents", "/api/incidents"}) {
    const std::string path = base;
    routes.push_back({"GET", path, Access::read,
                      "incidents, newest first, by page: `cursor` is `next` of the page before",
                      on_worker(world, list), "", many,
                      "status severity category service done hidden q from to cursor limit"});
    routes.push_back(
        {"POST", path, Access::admin, "a new incident of a log",
         on_worker(world, [world](const ApiWorld&, HttpRequest& request,
                                  Responder& responder) { create(world, request, responder); }),
         log, answered});
    routes.push_back({"GET", path + "/{id}", Access::read, "one incident with its timeline",
                      on_worker(world, show), "", one});
  }
  routes.push_back({"GET", "/api/stats", Access::read,
                    "incidents by status, severity, category and service", on_worker(world, stats),
                    "", R"({"type":"object"})"});
}

}  // namespace healer
