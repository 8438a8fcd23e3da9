#pragma once
#include "incident/flow.h"
#include "stages/review/review.h"

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
  std::string entered;        // the incident as it was
  IncidentStatus entered_as;  // its status
  enum class Telling { of_changes, always, never };
  Telling telling = Telling::of_changes;

  Incident& incident() { return record.incident; }
  const Policy& policy() const { return options->policy; }

  // Moves the incident; an event that does not fit its status is an error (conflict).
  Result<void> move(IncidentEvent event, std::string because, std::string actor = "healer");
  // Asks for an approval of `subject`, a plan hash or a head sha; the time to answer begins now.
  Result<void> ask(std::string subject, std::string because);
  // Writes down what is no change of status, and tells it.
  void note(std::string detail);

  // Says something in the timeline that nobody needs to be told; the status stays.
  void remark(std::string detail);

  void take_settings(const std::vector<std::string>& keys);  // until release_settings()
  void release_settings();
  void pull_ended();
  // Counts the attempt against the incident and the repository's breaker.
  void fix_did_not_help();

  // How a step ends: the record is stored, the incident's row and notifications with it.
  StepResult go_on(const char* next);
  StepResult wait(const char* next, UnixMs until);
  StepResult stay();  // of an event: the place stays the same
  // Frees what the incident holds. While its pull request is open somebody must look after that.
  StepResult done();

 private:
  std::string seal();
};

// Worth another try: the world may be different in a while. The rest never works by repeating.
bool is_transient(Errc code);

// Columns and JSON of the incident as the store keeps them.
IncidentRow to_row(const Incident& incident);

// What the stages see of it.
Finding to_finding(const IncidentRecord& record);

// The repository that a fix of this service goes to; nullptr where there is none.
const RepositoryRef* fix_repository(const Service* service);

// What the diff guard must know, and what it says first where it is not content.
ReviewPolicy review_policy(const RepositoryRules& rules, const Plan& plan);
std::string first_reason(const Review& review);

// In whose name healer merges, and why.
std::string merges_as(const IncidentRecord& record);
std::string why_merged(const IncidentRecord& record);

// Before an incident is tried again: what its last attempt left behind counts no more.
void start_over(IncidentRecord& record);

}  // namespace healer
