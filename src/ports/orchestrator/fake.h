#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ports/orchestrator/orchestrator.h"

namespace healer {

// Keeps what it is handed and told; a test plays the steps with end(). `also` goes to the journal.
class FakeOrchestrator final : public Orchestrator {
 public:
  explicit FakeOrchestrator(JournalWriter& journal) : journal_(journal) {}

  struct Run {
    Handover begun;
    RunView view;
    std::vector<std::string> outcomes;
  };
  std::map<std::string, Run> runs;

  void hand_over(std::vector<Handover> handed, WriteBatch also, DurableDone done) override {
    std::lock_guard lock(mutex_);
    for (const auto& run : handed)
      if (runs.contains(run.run)) return done(fail(Errc::conflict, run.run + " exists"));
    const CommitResult result = commit_and_wait(journal_, std::move(also));
    if (!result.ok()) return done(std::unexpected(to_error(result)));
    for (auto& run : handed)
      runs[run.run] = {.begun = run, .view = {.running = true, .state = run.state}, .outcomes = {}};
    done({});
  }

  Result<RunView> look(const std::string& run) override {
    std::lock_guard lock(mutex_);
    const auto it = runs.find(run);
    if (it == runs.end()) return fail(Errc::not_found, "there is no run " + run);
    return it->second.view;
  }

  void resume(const std::string& run, std::string outcome, DurableDone done) override {
    std::lock_guard lock(mutex_);
    const auto it = runs.find(run);
    if (it == runs.end() || !it->second.view.running)
      return done(fail(Errc::not_found, "no unfinished run has the id " + run));
    it->second.outcomes.push_back(std::move(outcome));
    done({});
  }

  void end(const std::string& run, std::string state) {
    std::lock_guard lock(mutex_);
    runs.at(run).view = {.running = false, .state = std::move(state)};
  }

 private:
  JournalWriter& journal_;
  std::mutex mutex_;
};

}  // namespace healer
