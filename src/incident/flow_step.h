#pragma once
#include "incident/flow.h"

namespace healer {

// The record while one step works on it, and what will be committed with it.
struct IncidentFlow::Step {
  StepContext& context;
  IncidentRecord record;
  Options options;
  const Service* service = nullptr;  // of record.incident.service; nullptr if healer.yaml has none
  const Announce& announce;
  UnixMs now = 0;
  WriteBatch also;
  IncidentStatus entered_as;

  Incident& incident() { return record.incident; }
  const Policy& policy() const { return options->policy; }

  // Moves the incident; an event that does not fit its status is an error (conflict).
  Result<void> move(IncidentEvent event, std::string because, std::string actor = "healer") {
    return apply(record.incident, event, now, std::move(because), std::move(actor));
  }

  // Counts the attempt against the incident and the repository's breaker, and frees its plan.
  void fix_did_not_help();

  // How a step ends: the record is stored, the incident's row and notifications with it.
  StepResult go_on(const char* next);
  StepResult wait(const char* next, UnixMs until);
  StepResult done() { return go_on(""); }

 private:
  std::string seal();
};

// Columns and JSON of the incident as the store keeps them.
IncidentRow to_row(const Incident& incident);

// What the stages see of it.
Finding to_finding(const IncidentRecord& record);

// The repository that a fix of this service goes to; nullptr where there is none.
const RepositoryRef* fix_repository(const Service* service);

}  // namespace healer
