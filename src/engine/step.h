#pragma once
#include <functional>
#include <string>
#include <variant>

#include "base/error.h"
#include "base/time.h"
#include "ports/store/journal.h"

namespace healer {

// Done: `state` replaces the workflow's state and `next` names the step that follows (empty: the
// workflow is done). `also` is committed in the same transaction.
struct StepOk {
  std::string state;
  std::string next;
  WriteBatch also;
};

// Nothing changed; the same step again after the kind's backoff, at the earliest after `after`.
struct StepRetry {
  std::string reason;
  Millis after{0};
};

// Will never work. The kind's on_failed decides what becomes of the workflow.
struct StepFailed {
  std::string reason;
};

// Like StepOk, but `next` runs at `until` (0: only an event wakes the workflow). Waiting again for
// the same step with the same state is a poll: committed, but not journalled.
struct StepWait {
  std::string state;
  std::string next;
  UnixMs until = 0;
  WriteBatch also;
};

// For on_event only: the state changes, the place (step, wait, backoff) does not.
struct StepStay {
  std::string state;
  WriteBatch also;
};

using StepResult = std::variant<StepOk, StepRetry, StepFailed, StepWait, StepStay>;

// A note, committed before an outside effect, that the effect may have happened from now on.
struct Intent {
  bool repeated = false;  // it was there already: look the effect up by its natural key first
  UnixMs at = 0;          // when it was first noted; the same on every replay
};

// What a step knows. Valid during the call; used by one thread.
class StepContext {
 public:
  virtual ~StepContext() = default;
  virtual const std::string& workflow_id() const = 0;
  virtual const std::string& state() const = 0;
  virtual int attempt() const = 0;  // 1, 2, … of this step in a row
  virtual UnixMs wall_ms() const = 0;
  virtual const std::string& event() const = 0;   // on_event: its bytes
  virtual const std::string& reason() const = 0;  // on_failed: why
  // Commits the intent and waits for the sync. `key` names the effect within the workflow. On an
  // error the effect must not happen: return StepRetry.
  virtual Result<Intent> intent(const std::string& key) = 0;
  // True once the engine drains or was fenced: a long step should return StepRetry soon.
  virtual bool stopping() const = 0;
};

// Runs on the step pool and may block. It changes nothing of healer's own but by its result;
// outside effects come after an intent() and are looked up by natural key. An exception counts as
// StepFailed.
using Step = std::function<StepResult(StepContext&)>;

}  // namespace healer
