#pragma once
#include <functional>
#include <memory>

#include "base/clock.h"
#include "engine/engine.h"
#include "incident/ledger.h"
#include "incident/transitions.h"
#include "incident/workbench.h"
#include "ports/store/incidents.h"
#include "ports/store/signals.h"
#include "stages/decide/decide.h"
#include "stages/verify/verify.h"
#include "types/incident_record.h"
#include "types/incident_signal.h"
#include "types/service.h"

namespace healer {

// What of healer.yaml an incident's life depends on; swapped as a whole on reload.
struct IncidentOptions {
  Policy policy;
  std::vector<Service> services;
  Millis poll_pulls{10'000};

  const Service* find(std::string_view name) const;
};

// Makes the outbox rows that tell people about an incident; empty where no route wants it.
using Announce = std::function<std::vector<OutboxRow>(const Incident& incident, UnixMs now)>;

// Everything the steps use. References outlive the engine.
struct IncidentWorld {
  const Clock& clock;
  IncidentReader& incidents;
  CountReader& counts;
  Ledger& ledger;
  StormWatch& storm;
  Workbench& workbench;
  std::function<std::shared_ptr<const IncidentOptions>()> options;
  Announce announce;
  // The knowledge entry that an incident's analysis matched; empty if none.
  std::function<Result<std::string>(const std::string& incident_id)> knowledge_of;
};

// The life of an incident as steps of the engine. Each step reads the record, asks a stage, does at
// most one outside effect (after an intent), and returns the new record; transitions.cc says which
// moves exist.
class IncidentFlow {
 public:
  static constexpr const char* kKind = "incident";
  static constexpr const char* kFirstStep = "decide";

  explicit IncidentFlow(IncidentWorld world) : world_(std::move(world)) {}
  void register_with(Engine& engine);

 private:
  using Options = std::shared_ptr<const IncidentOptions>;
  struct Step;  // one run of a step: context, record, options, what is committed with it
  using Body = Result<StepResult> (IncidentFlow::*)(Step&);

  StepResult run(StepContext& context, Body body);
  StepResult on_event(StepContext& context);
  StepResult on_failed(StepContext& context);

  // flow_decide.cc
  Result<StepResult> decide_step(Step& step);
  Result<IncidentView> gather(Step& step);
  Result<Decision> decide_now(Step& step);
  // flow_fix.cc
  Result<StepResult> plan_step(Step& step);
  Result<std::string> owner_of_plan(Step& step);
  Result<StepResult> twin_step(Step& step);
  Result<StepResult> prove_step(Step& step);
  Result<StepResult> publish_step(Step& step);
  Result<StepResult> push(Step& step);
  // flow_merge.cc
  Result<StepResult> review_step(Step& step);
  Result<StepResult> merge_step(Step& step);
  Result<StepResult> person_step(Step& step);
  Result<std::optional<StepResult>> look_at_pull(Step& step);
  Result<StepResult> merged(Step& step, std::string merge_sha, UnixMs at, std::string detail,
                            std::string actor);
  // flow_verify.cc
  Result<StepResult> deploy_step(Step& step);
  Result<StepResult> await_deploy_step(Step& step);
  Result<StepResult> watch_step(Step& step);
  Result<StepResult> revert_step(Step& step);
  Result<StepResult> start_watch(Step& step, const Deploy& deploy);
  Result<bool> carries(Step& step, const std::string& version, const Incident& fix);
  Result<std::int64_t> total_of_fix(Step& step, const std::vector<CountSum>& sums,
                                    const Incident& fix);
  Result<std::int64_t> seen_since(Step& step, std::uint64_t fingerprint, const Incident& fix);
  Result<std::int64_t> similar_since(Step& step);
  // flow_events.cc
  Result<StepResult> handle(Step& step, const std::string& event);
  Result<StepResult> on_alert(Step& step, const IncidentSignal& signal);
  Result<StepResult> on_approve(Step& step, const IncidentSignal& signal);
  Result<StepResult> on_dismiss(Step& step, const IncidentSignal& signal);

  IncidentWorld world_;
};

}  // namespace healer
