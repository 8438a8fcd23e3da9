#include <fmt/format.h>

#include <algorithm>

#include "serve/api/routes.h"
#include "types/json.h"

namespace healer {
namespace {

std::string text_of(const BodyFields& fields, const char* name) {
  const auto it = fields.find(name);
  return it == fields.end() ? std::string() : it->second;
}

Result<BodyFields> optional_body(const HttpRequest& request) {
  if (request.body.empty()) return BodyFields{};
  return read_body(request.body);
}

// One act on one incident: {"why"?, "subject"?} as the body, 202 once it is durable.
Handler act(const World& world, SignalKind kind) {
  return creating(
      world, fmt::format("act {}", to_string(kind)),
      [kind](const ApiWorld& api, HttpRequest& request, Reply reply) {
        const auto fields = optional_body(request);
        if (!fields) return reply(std::unexpected(fields.error()));
        const std::string id = request.param("id");
        IncidentSignal signal{.kind = kind, .actor = request.actor};
        if (const auto who = text_of(*fields, "actor"); !who.empty()) signal.actor += " for " + who;
        signal.why = text_of(*fields, "why");
        for (const char* name : {"subject", "plan_hash", "head_sha"})
          if (signal.subject.empty()) signal.subject = text_of(*fields, name);
        api.commands.act(id, signal, [id, reply = std::move(reply)](Result<void> done) mutable {
          if (!done) return reply(std::unexpected(done.error()));
          reply(HttpResponse{
              .status = 202,
              .body = fmt::format(R"({{"id":{},"status":"accepted"}})", json_quote(id))});
        });
      });
}

void report(const ApiWorld& api, HttpRequest& request, Reply reply) {
  const auto fields = read_body(request.body);
  if (!fields) return reply(std::unexpected(fields.error()));
  const std::string status = text_of(*fields, "status");
  if (status != "success" && status != "failed" && status != "needs_review")
    return reply(fail(Errc::invalid_input, "status is success, failed or needs_review"));
  IncidentSignal signal{.kind = SignalKind::report, .actor = request.actor};
  signal.why = status;
  for (const char* name : {"pr_url", "notes"})
    if (const auto more = text_of(*fields, name); !more.empty()) signal.why += ", " + more;
  api.commands.act(request.param("id"), signal,
                   [reply = std::move(reply)](Result<void> done) mutable {
                     if (!done) return reply(std::unexpected(done.error()));
                     reply(HttpResponse{.status = 202, .body = R"({"status":"noted"})"});
                   });
}

void feedback(const ApiWorld& api, HttpRequest& request, Reply reply) {
  const auto fields = read_body(request.body);
  if (!fields) return reply(std::unexpected(fields.error()));
  const std::string verdict = text_of(*fields, "verdict");
  if (verdict != "confirm" && verdict != "wrong")
    return reply(fail(Errc::invalid_input, "verdict is confirm or wrong"));
  const std::string severity = text_of(*fields, "severity");
  if (!severity.empty() && !parse_enum<Severity>(severity))
    return reply(fail(Errc::invalid_input, "severity is low, medium, high or critical"));
  api.commands.feedback(request.param("id"), request.body,
                        [reply = std::move(reply)](Result<void> done) mutable {
                          if (!done) return reply(std::unexpected(done.error()));
                          reply(HttpResponse{.status = 202, .body = R"({"status":"noted"})"});
                        });
}

void patch(const ApiWorld& api, HttpRequest& request, Reply reply) {
  const auto fields = read_body(request.body);
  if (!fields) return reply(std::unexpected(fields.error()));
  static constexpr std::array<std::string_view, 4> kKnown{"labels", "note", "assignee", "severity"};
  for (const auto& [name, value] : *fields)
    if (std::ranges::find(kKnown, name) == kKnown.end())
      return reply(fail(Errc::invalid_input, fmt::format("\"{}\" cannot be set: labels, note, "
                                                         "assignee and severity can",
                                                         name)));
  IncidentSignal signal{.kind = SignalKind::edit, .actor = request.actor};
  signal.note = text_of(*fields, "note");
  signal.assignee = text_of(*fields, "assignee");
  signal.severity = text_of(*fields, "severity");
  if (!signal.severity.empty() && !parse_enum<Severity>(signal.severity))
    return reply(fail(Errc::invalid_input, "severity is low, medium, high or critical"));
  if (fields->contains("labels")) {
    const auto labels = read_strings(fields->at("labels"));
    if (!labels) return reply(std::unexpected(labels.error()));
    signal.labels = fmt::format("{}", fmt::join(*labels, ","));
  }
  api.commands.act(request.param("id"), signal,
                   [reply = std::move(reply)](Result<void> done) mutable {
                     if (!done) return reply(std::unexpected(done.error()));
                     reply(HttpResponse{.status = 202, .body = R"({"status":"accepted"})"});
                   });
}

void hide(const ApiWorld& api, HttpRequest& request, Reply reply) {
  api.commands.hide(request.param("id"), true,
                    [reply = std::move(reply)](Result<void> done) mutable {
                      if (!done) return reply(std::unexpected(done.error()));
                      reply(HttpResponse{.status = 204, .body = ""});
                    });
}

void silence(const ApiWorld& api, HttpRequest& request, Reply reply) {
  const auto fields = read_body(request.body);
  if (!fields) return reply(std::unexpected(fields.error()));
  std::string what = text_of(*fields, "fingerprint");
  if (what.empty()) what = text_of(*fields, "service");
  const auto length = parse_duration(text_of(*fields, "for"));
  if (what.empty() || !length)
    return reply(fail(Errc::invalid_input,
                      R"(a silence needs {"service" or "fingerprint": "...", "for": "2h"})"));
  api.commands.silence(what, api.clock.wall_ms() + length->count(),
                       [reply = std::move(reply)](Result<void> done) mutable {
                         if (!done) return reply(std::unexpected(done.error()));
                         reply(HttpResponse{.status = 201, .body = R"({"status":"silenced"})"});
                       });
}

}  // namespace

void add_act_routes(std::vector<Route>& routes, const World& world) {
  const std::string why =
      R"({"type":"object","properties":{"why":{"type":"string"},"actor":{"type":"string"},)"
      R"("subject":{"type":"string","description":"approve: the plan_hash or head_sha that is approved"}}})";
  struct Act {
    const char* path;
    SignalKind kind;
    const char* summary;
  };
  const Act acts[] = {
      {"/incidents/{id}/fix", SignalKind::fix, "asks for a fix now; policy still decides"},
      {"/api/incidents/{id}/approve", SignalKind::approve,
       "approves a plan or a commit by its hash"},
      {"/api/incidents/{id}/dismiss", SignalKind::dismiss, "ends it: nothing is to be done"},
      {"/api/incidents/{id}/retry", SignalKind::retry, "tries again from the analysis on"},
      {"/api/incidents/{id}/revert", SignalKind::revert,
       "opens the pull request that undoes its fix"}};
  for (const auto& item : acts)
    routes.push_back(
        {"POST", item.path, Access::admin, item.summary, act(world, item.kind), why, ""});
  routes.push_back(
      {"POST", "/incidents/{id}/status", Access::admin,
       "what an agent or flow says of its work: written down as a claim",
       creating(world, "report", report),
       R"({"type":"object","required":["status"],"properties":{"status":{"enum":["success","failed","needs_review"]},)"
       R"("pr_url":{"type":"string"},"notes":{"type":"string"}}})",
       ""});
  routes.push_back(
      {"POST", "/incidents/{id}/feedback", Access::admin, "confirms or corrects the analysis",
       creating(world, "feedback", feedback),
       R"({"type":"object","required":["verdict"],"properties":{"verdict":{"enum":["confirm","wrong"]},)"
       R"("severity":{"type":"string"},"category":{"type":"string"}}})",
       ""});
  routes.push_back({"PATCH", "/api/incidents/{id}", Access::admin,
                    "sets labels, note, assignee or severity", creating(world, "edit", patch),
                    R"({"type":"object"})", ""});
  routes.push_back({"DELETE", "/api/incidents/{id}", Access::admin, "hides it from lists",
                    creating(world, "hide", hide), "", ""});
  routes.push_back(
      {"POST", "/api/v1/silences", Access::admin,
       "no fix and no notification for a service or fingerprint for a while",
       creating(world, "silence", silence),
       R"({"type":"object","required":["for"],"properties":{"service":{"type":"string"},)"
       R"("fingerprint":{"type":"string"},"for":{"type":"string"}}})",
       ""});
}

}  // namespace healer
