#include "incident/flow_step.h"

namespace healer {
namespace {

// How often an incident looks whether it may ask now.
constexpr Millis kPlacePoll{1'000};

// What a person or an alert's sender said of the severity stays.
void take_opinion(IncidentRecord& record, const Analysis& said) {
  Incident& incident = record.incident;
  const bool is_ours = incident.severity == record.analysis.severity && !record.alert;
  const Severity severity = is_ours ? said.severity : incident.severity;
  record.analysis = said;
  incident.severity = severity;
  incident.category = said.category;
  incident.summary = said.summary;
  incident.suggested_fix = said.suggested_fix;
  incident.affected_file = said.affected_file;
  incident.confidence = said.confidence;
  incident.uncertain = said.uncertain;
  incident.brain = said.brain;
}

}  // namespace

void IncidentFlow::Step::remark(std::string detail) {
  record.incident.because = detail;
  add_note(record.incident, now, std::move(detail), "healer");
}

// Once in an incident's life, before its first decision; then decide goes on with what is known.
// A model that may be able to say in a while is waited for without a thread.
Result<StepResult> IncidentFlow::consult_step(Step& step) {
  IncidentRecord& record = step.record;
  if (world_.consultant == nullptr) {
    record.consulted = "no model is configured any more";
    return step.go_on("decide");
  }
  const Slots::Taken place = world_.consultant->try_enter();
  if (!place) return step.wait("consult", step.now + kPlacePoll.count());
  const RepositoryRef* repository = fix_repository(step.service);
  Opinion opinion =
      TRY(world_.consultant->ask({.record = record,
                                  .repository = repository == nullptr ? "" : repository->url,
                                  .confidence_min = step.policy().confidence_min,
                                  .now = step.now}));
  step.also.append(std::move(opinion.remember));
  if (opinion.again_at != 0) {
    record.consulting = std::move(opinion.consulting);
    return step.wait("consult", opinion.again_at);
  }
  record.consulting = {};
  if (opinion.analysis) take_opinion(record, *opinion.analysis);
  record.consulted = opinion.because;
  step.remark(opinion.because);
  return step.go_on("decide");
}

}  // namespace healer
