#include <charconv>

#include "incident/flow_step.h"
#include "types/json.h"

namespace healer {
namespace {

std::uint64_t fingerprint_number(const std::string& hex) {
  std::uint64_t out = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), out, 16);
  return out;
}

}  // namespace

IncidentRow to_row(const Incident& incident) {
  IncidentRow row;
  row.id = incident.id;
  row.fingerprint = fingerprint_number(incident.fingerprint);
  row.service = incident.service;
  row.status = to_string(incident.status);
  row.severity = to_string(incident.severity);
  row.category = to_string(incident.category);
  row.done = incident.done;
  row.created = incident.created;
  row.first_seen = incident.first_seen;
  row.last_seen = incident.last_seen;
  row.count = incident.count;
  row.priority = static_cast<std::int64_t>(incident.severity);
  row.text = incident.service + " " + incident.summary + " " + incident.template_text;
  row.body_json = to_json(incident);
  return row;
}

Finding to_finding(const IncidentRecord& record) {
  const Incident& incident = record.incident;
  Finding out;
  out.fingerprint = fingerprint_number(incident.fingerprint);
  out.template_text = incident.template_text;
  out.service = incident.service;
  out.source = record.source;
  out.version = record.version;
  out.analysis = record.analysis;
  // A person may have corrected these two.
  out.analysis.severity = incident.severity;
  out.analysis.category = incident.category;
  out.evidence = incident.evidence;
  out.count = static_cast<std::uint64_t>(std::max<std::int64_t>(incident.count, 0));
  out.first_seen = incident.first_seen;
  out.last_seen = incident.last_seen;
  out.process_death = record.process_death;
  out.alert_firing = record.alert && record.alert_firing;
  out.alert_resolved = record.alert && !record.alert_firing;
  return out;
}

const RepositoryRef* fix_repository(const Service* service) {
  return service == nullptr || service->repositories.empty() ? nullptr
                                                             : &service->repositories.front();
}

void IncidentFlow::Step::fix_did_not_help() {
  const Incident& failed = record.incident;
  ++record.attempts;
  also.add(Ledger::fix_failed(failed.repository, failed.id, now));
  also.add(Ledger::plan_released(failed.repository, failed.plan_hash));
}

std::string IncidentFlow::Step::seal() {
  PutIncident put{.row = to_row(record.incident), .expected = kAnyVersion};
  also.add(std::move(put));
  if (record.incident.status != entered_as)
    for (auto& row : announce(record.incident, now)) also.add(PutOutbox{std::move(row)});
  return to_json(record);
}

StepResult IncidentFlow::Step::go_on(const char* next) {
  std::string state = seal();
  return StepOk{.state = std::move(state), .next = next, .also = std::move(also)};
}

StepResult IncidentFlow::Step::wait(const char* next, UnixMs until) {
  std::string state = seal();
  return StepWait{.state = std::move(state), .next = next, .until = until, .also = std::move(also)};
}

}  // namespace healer
