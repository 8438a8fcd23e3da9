#pragma once
#include <string>
#include <vector>

#include "base/error.h"
#include "ports/store/journal.h"

namespace healer {

// The work on one incident, as it is handed over.
struct Handover {
  std::string run;    // unique for ever: the incident's id, "ID/2" where it is begun anew
  std::string step;   // where it begins
  std::string state;  // what its steps begin with
};

struct RunView {
  bool running = false;
  std::string state;  // what the run knows now, or knew at its end
};

// Who drives the steps of incidents. Thread-safe; nothing blocks but look(), for a moment.
class Orchestrator {
 public:
  virtual ~Orchestrator() = default;

  // Takes all of them over and commits `also` in the same transaction, or does nothing. `done` runs
  // once, when that is durable. conflict: such a run exists, or `also` was refused; invalid_input:
  // no such step; busy: too many wait.
  virtual void hand_over(std::vector<Handover> runs, WriteBatch also, DurableDone done) = 0;

  // not_found: there is no such run.
  virtual Result<RunView> look(const std::string& run) = 0;

  // Tells a run the outcome of something it may wait for; durable when `done` runs. not_found: no
  // such run, or it has ended; conflict: it ended meanwhile.
  virtual void resume(const std::string& run, std::string outcome, DurableDone done) = 0;
};

}  // namespace healer
