#pragma once
#include <string>
#include <vector>

#include "types/fields.h"

namespace healer {

enum class DemoState { idle, running, healed, failed };
template <>
struct NamesOf<DemoState> {
  static constexpr std::array<std::string_view, 4> names{"idle", "running", "healed", "failed"};
};

// One failure that the demo service can be given, and how its last run went.
struct DemoScenario {
  std::string name;
  std::string title;
  DemoState state = DemoState::idle;
  std::string incident_id;  // of the last run; empty until its incident is known
  double seconds = 0;       // of the last run: from the bad deploy until healed, or until now
  std::string because;      // failed: why
  UtcTime started;          // of the last run
};
template <>
struct FieldsOf<DemoScenario> {
  using S = DemoScenario;
  static constexpr auto table = std::tuple{
      field("name", &S::name, "scenario", true),
      field("title", &S::title, "what goes wrong"),
      field("state", &S::state, "idle, running, healed or failed"),
      field("incident_id", &S::incident_id, "incident of the last run"),
      field("seconds", &S::seconds, "duration of the last run"),
      field("because", &S::because, "why it failed"),
      field("started", &S::started, "when the last run began"),
  };
};

struct DemoScenarios {  // as kept on disk
  std::vector<DemoScenario> scenarios;
};
template <>
struct FieldsOf<DemoScenarios> {
  static constexpr auto table =
      std::tuple{field("scenarios", &DemoScenarios::scenarios, "last runs", true)};
};

}  // namespace healer
