#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "ports/exec/exec.h"
#include "types/demo.h"
#include "types/incident.h"

namespace healer {

// The demo service: a shop, its backends and steady traffic, run by a supervisor of their own that
// outlives this process and is adopted by the next one. Thread-safe.
class Demo {
 public:
  // `dir` holds all of it: repository, releases, logs, state. Nothing is started.
  Demo(std::string dir, Executor& executor, const Clock& clock);
  ~Demo();

  // What healer.yaml needs to know of the shop: one item of its `services:` list, as YAML, indented
  // by two spaces. Pure.
  std::string service_config() const;
  // What the shop's trusted `deploy` needs in its environment (WorkbenchOptions::deploy_env). Pure.
  std::map<std::string, std::string> deploy_env() const;

  // Writes the files, makes the repository with its history, starts the supervisor; or adopts the
  // one that runs. Returns once the shop serves. Deploy events go to `healer_url` from now on, with
  // `token` where that server asks for one; the present deploy is told again. Blocks for seconds.
  Result<void> start(std::string healer_url, std::string token = {});

  // Pushes the scenario's bad commit and deploys it. not_found names the nearest scenario; conflict
  // while it runs. Blocks for under a second.
  Result<void> inject(std::string_view scenario);

  // Every scenario, in order. Cheap.
  std::vector<DemoScenario> list() const;

  // To be told each change of an incident: it may be the one a running scenario waits for.
  void incident_changed(const Incident& incident);

  // Ends the shop, its traffic and their supervisor; the folder stays. not_found: none runs.
  Result<void> stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The five that are always there, before anything is started: for `healer demo list`.
std::vector<DemoScenario> demo_scenarios();

}  // namespace healer
