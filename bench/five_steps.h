#pragma once
#include <string>

#include "base/ids.h"
#include "engine/engine.h"

// A workflow that counts to five, one durable step at a time: the same work as in
// bench/peers/restate.mjs.
namespace healer::bench {

inline constexpr const char* kFiveSteps = "five";
inline constexpr int kSteps = 5;

inline WorkflowKind five_steps() {
  WorkflowKind kind;
  for (int i = 0; i < kSteps; ++i) {
    const std::string next = i + 1 < kSteps ? "s" + std::to_string(i + 1) : "";
    kind.steps["s" + std::to_string(i)] = [next](StepContext& c) -> StepResult {
      return StepOk{std::to_string(std::stoi(c.state()) + 1), next, {}};
    };
  }
  return kind;
}

inline StartRequest five_steps_request(Ids& ids) {
  return {.id = ids.uuid7(), .kind = kFiveSteps, .step = "s0", .state = "0", .finished = {}};
}

}  // namespace healer::bench
