#pragma once
#include <fmt/core.h>

#include "bench/log_lines.h"
#include "engine/records.h"
#include "ports/store/store.h"
#include "types/incident_record.h"
#include "types/json.h"

// Incidents like those of a busy year, one failure each: 40 services, 2% still open.
namespace healer::bench {

inline Incident make_incident(std::size_t i, UnixMs at) {
  static constexpr IncidentStatus kEnds[] = {IncidentStatus::healed, IncidentStatus::logged,
                                             IncidentStatus::notified, IncidentStatus::declined,
                                             IncidentStatus::resolved};
  Incident out;
  out.id = fmt::format("01900000-0000-7000-8000-{:012}", i);
  out.done = i % 50 != 0;
  out.status = out.done ? kEnds[i * 31 % 5] : IncidentStatus::needs_review;
  out.severity = static_cast<Severity>(i * 17 % 4);
  out.category = static_cast<Category>(i * 13 % 6);
  out.service = fmt::format("service-{}", i * 7919 % 40);
  out.environment = "production";
  out.summary = fmt::format("the connection pool of host {} is exhausted", i % 1000);
  out.suggested_fix = "raise the size of the pool, or find what keeps its connections";
  out.affected_file = "config/database.yml";
  out.confidence = 0.9;
  out.brain = "embedded";
  out.fingerprint = hex16(i + 1);
  out.template_text = message(i % kTemplates, i);
  out.count = static_cast<std::int64_t>(1 + i % 1000);
  out.first_seen = out.last_seen = out.created = at + static_cast<UnixMs>(i);
  for (int k = 0; k < 3; ++k)
    out.evidence.push_back({out.created, "/var/log/app.log", "host-1", text_line(i + 1)});
  out.timeline.push_back({IncidentStatus::detected, out.created, "seen before", "healer"});
  out.timeline.push_back({out.status, out.created, "as the policy says", "healer"});
  return out;
}

inline IncidentRow make_row(const Incident& incident, std::uint64_t fingerprint) {
  return {.id = incident.id,
          .fingerprint = fingerprint,
          .service = incident.service,
          .status = std::string(to_string(incident.status)),
          .severity = std::string(to_string(incident.severity)),
          .category = std::string(to_string(incident.category)),
          .done = incident.done,
          .created = incident.created,
          .first_seen = incident.first_seen,
          .last_seen = incident.last_seen,
          .count = incident.count,
          .priority = static_cast<std::int64_t>(incident.severity),
          .text = incident.service + " " + incident.summary + " " + incident.template_text,
          .body_json = to_json(incident)};
}

// False where the store refused; it was said why. An open incident has a workflow that waits.
inline bool fill(Store& store, std::size_t incidents, UnixMs at) {
  constexpr std::size_t kOfOneBatch = 500;
  for (std::size_t i = 0; i < incidents;) {
    WriteBatch batch;
    for (std::size_t k = 0; k < kOfOneBatch && i < incidents; ++k, ++i) {
      IncidentRecord record{.incident = make_incident(i, at)};
      batch.add(PutIncident{.row = make_row(record.incident, i + 1)});
      if (record.incident.done) continue;
      batch.add(PutWorkflow{{.id = record.incident.id,
                             .kind = "incident",
                             .phase = WorkflowPhase::waiting,
                             .state = encode(Envelope{.step = "decide", .state = to_json(record)})},
                            0});
    }
    if (const auto result = commit_and_wait(store, std::move(batch)); !result.ok()) {
      fmt::print(stderr, "{}\n", result.message);
      return false;
    }
  }
  return true;
}

}  // namespace healer::bench
