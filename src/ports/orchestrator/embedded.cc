#include "ports/orchestrator/embedded.h"

namespace healer {

void EmbeddedOrchestrator::hand_over(std::vector<Handover> runs, WriteBatch also,
                                     DurableDone done) {
  std::vector<StartRequest> requests;
  for (auto& run : runs)
    requests.push_back({.id = std::move(run.run),
                        .kind = kind_,
                        .step = std::move(run.step),
                        .state = std::move(run.state),
                        .finished = {}});
  engine_.start(std::move(requests), std::move(also), std::move(done));
}

Result<RunView> EmbeddedOrchestrator::look(const std::string& run) {
  const auto row = TRY(journal_.workflow(run));
  if (!row) return fail(Errc::not_found, "there is no run " + run);
  auto state = TRY(engine_.state(run));
  return RunView{.running = row->phase != WorkflowPhase::done, .state = std::move(state)};
}

void EmbeddedOrchestrator::resume(const std::string& run, std::string outcome, DurableDone done) {
  engine_.signal(run, std::move(outcome), {}, std::move(done));
}

}  // namespace healer
