#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "types/demo.h"
#include "types/incident.h"

namespace healer {

// How the last run of each scenario went; kept in `dir`/scenarios.json. Not thread-safe.
class ScenarioRuns {
 public:
  explicit ScenarioRuns(std::string dir);

  // not_found names the nearest scenario; conflict while it runs.
  Result<void> begin(std::string_view name, UnixMs now);
  void give_up(std::string_view name, std::string because, UnixMs now);

  // An incident of the shop belongs to the scenario whose file it names or changes, if it opened
  // after that began.
  void incident_changed(const Incident& incident, UnixMs now);

  std::vector<DemoScenario> list(UnixMs now) const;

 private:
  DemoScenario* find(std::string_view name);
  void save() const;

  const std::string path_;
  std::vector<DemoScenario> runs_;
};

}  // namespace healer
