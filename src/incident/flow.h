#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "engine/engine.h"
#include "incident/agent_bench.h"
#include "incident/consultant.h"
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
  Consultant* consultant = nullptr;  // nullptr: no model is asked
  AgentBench* agent = nullptr;       // nullptr: no coding agent works
  std::function<std::shared_ptr<const IncidentOptions>()> options;
  Announce announce;
  // Everything known of an incident.
  std::function<Result<IncidentRecord>(const std::string& incident_id)> record_of;
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
  using Ended = std::optional<StepResult>;  // how the step ends; nullopt: it goes on
  enum class Pulls { count, claim };        // claim: the next free place is this incident's

  Step make_step(StepContext& context, IncidentRecord record);
  StepResult run(StepContext& context, Body body);
  StepResult on_event(StepContext& context);
  StepResult on_failed(StepContext& context);

  // flow_decide.cc
  Result<StepResult> decide_step(Step& step);
  Result<IncidentView> gather(Step& step, Pulls pulls);
  Result<void> count_pulls(Step& step, const std::string& repository, Pulls pulls,
                           IncidentView& view);
  Result<Decision> decide_now(Step& step, Pulls pulls = Pulls::count);
  StepResult rest(Step& step, const Decision& decision);
  // flow_fix.cc
  Result<StepResult> plan_step(Step& step);
  Result<Ended> without_plan(Step& step, const RepositoryBase& base, const PlanResult& result);
  Result<std::string> take_settings(Step& step);
  Result<std::string> cure_under_way(Step& step);
  Result<StepResult> wait_behind(Step& step, const std::string& owner, std::string because);
  Result<StepResult> twin_step(Step& step);
  Result<StepResult> prove_step(Step& step);
  Result<StepResult> publish_step(Step& step);
  Result<StepResult> push_step(Step& step);
  // flow_merge.cc
  Result<StepResult> review_step(Step& step);
  Result<StepResult> merge_step(Step& step);
  Result<std::string> why_held(Step& step, bool person);
  Result<StepResult> rebase(Step& step, const RepositoryBase& base);
  Result<StepResult> merged(Step& step, std::string merge_sha, std::string detail,
                            std::string actor);
  // flow_person.cc
  Result<std::optional<PullRequest>> known_pull(Step& step);
  Result<Ended> look_at_pull(Step& step);
  Result<Ended> ended_by_person(Step& step);
  Result<Ended> ended_with(Step& step, const PullRequest& pull);
  Result<StepResult> person_step(Step& step);
  Result<StepResult> lookout_step(Step& step);
  Result<Ended> look_after_pull(Step& step);
  Result<bool> goes_on_elsewhere(Step& step);
  // flow_verify.cc
  Result<StepResult> deploy_step(Step& step);
  Result<StepResult> await_deploy_step(Step& step);
  Result<StepResult> watch_step(Step& step);
  Result<StepResult> revert_step(Step& step);
  Result<StepResult> deploy_revert_step(Step& step);
  Result<bool> is_deployed(Step& step);
  Result<double> usual_rate(Step& step, Millis window);
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
  // flow_consult.cc
  Result<StepResult> consult_step(Step& step);
  // flow_agent.cc
  Result<bool> agent_may_try(const Step& step, const RepositoryBase& base) const;
  Result<StepResult> agent_step(Step& step);
  Result<StepResult> take_plan(Step& step, Plan plan);  // flow_fix.cc: of a playbook or an agent

  IncidentWorld world_;
  Claims claims_;
};

}  // namespace healer
