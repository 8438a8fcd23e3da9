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

void start_over(IncidentRecord& record) {
  Incident& incident = record.incident;
  record.approved.clear();
  record.approved_by.clear();
  record.behind.clear();
  record.agent_attempt = 0;  // an agent that is asked again works again
  record.rebases = 0;
  record.rebasing = false;
  record.review = {};
  incident.asks_for.clear();
  if (record.pull_open) return;
  record.pr_number = 0;
  record.proof = {};
  record.merged_at = 0;
  for (auto* text : {&incident.pr_url, &incident.head_sha, &incident.merge_sha,
                     &incident.deployed_sha, &incident.proof, &incident.diff})
    text->clear();
  incident.deployed_at = 0;
}

Result<void> IncidentFlow::Step::move(IncidentEvent event, std::string because, std::string actor) {
  TRY(apply(record.incident, event, now, std::move(because), std::move(actor)));
  record.incident.asks_for.clear();
  return {};
}

Result<void> IncidentFlow::Step::ask(std::string subject, std::string because) {
  TRY(move(IncidentEvent::ask, std::move(because)));
  record.incident.asks_for = std::move(subject);
  record.asked_at = now;
  record.reminders = 0;
  return {};
}

void IncidentFlow::Step::note(std::string detail) {
  record.incident.because = detail;
  add_note(record.incident, now, std::move(detail), "healer");
  telling = Telling::always;
}

void IncidentFlow::Step::take_settings(const std::vector<std::string>& keys) {
  for (const auto& key : keys) also.add(Ledger::taken(key, record.incident.id));
  record.holds_settings = true;
}

void IncidentFlow::Step::release_settings() {
  if (!record.holds_settings) return;
  for (const auto& key : Ledger::setting_keys(record.incident.repository, record.plan))
    also.add(Ledger::released(key));
  record.holds_settings = false;
}

void IncidentFlow::Step::pull_ended() {
  record.pull_open = false;
  if (!record.incident.repository.empty())
    also.add(Ledger::pull_ended(record.incident.repository, record.incident.id));
}

void IncidentFlow::Step::fix_did_not_help() {
  ++record.attempts;
  also.add(Ledger::fix_failed(record.incident.repository, record.incident.id, now));
}

std::string IncidentFlow::Step::seal() {
  if (to_json(record.incident) != entered)
    also.add(PutIncident{.row = to_row(record.incident), .expected = kAnyVersion});
  const bool changed = record.incident.status != entered_as;
  if (telling == Telling::always || (telling == Telling::of_changes && changed))
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

StepResult IncidentFlow::Step::stay() {
  std::string state = seal();
  return StepStay{.state = std::move(state), .also = std::move(also)};
}

StepResult IncidentFlow::Step::done() {
  if (record.pull_open) return wait("lookout", now + options->poll_pulls.count());
  release_settings();
  pull_ended();
  return go_on("");
}

}  // namespace healer
