#pragma once
#include <optional>
#include <string>

#include "engine/live.h"

namespace healer {

// What one run of a workflow amounts to: where it stands next, and the rows that say so.
struct Settlement {
  Envelope at;
  WorkflowPhase phase = WorkflowPhase::ready;
  UnixMs due = 0;
  JournalEntry entry;
  WriteBatch also;
  bool event_handled = false;
  // A poll: it waits again for the same step with the same state. Not journalled, so that a
  // workflow that polls for a month has no endless history.
  bool unchanged = false;
};

// What ran: a step, or on_event in its place.
enum class Ran { step, event };

// Pure: from where the workflow stands and what its step said. nullopt where the step or the event
// has failed for good (StepFailed, no retries left, a result that does not fit): on_failed decides.
// `random` is for the jitter of a retry.
std::optional<Settlement> settle(const Live& live, Ran ran, StepResult& result, UnixMs now,
                                 std::uint64_t random);

// The workflow ends as it is.
Settlement end_as_is(const Live& live, WorkflowEnd end, std::string why);

// Why settle() said nullopt.
std::string failure_reason(const StepResult& result);

}  // namespace healer
