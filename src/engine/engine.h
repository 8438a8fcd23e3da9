#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/retry.h"
#include "engine/step.h"
#include "ports/store/journal.h"

namespace healer {

// One kind of workflow: its steps by name and what happens around them.
struct WorkflowKind {
  std::map<std::string, Step> steps;
  // Handles one event (signal) between two steps; events come in order, each once. Without it they
  // are dropped with a log line. StepRetry and StepFailed mean what they mean for a step.
  Step on_event;
  // Decides what a workflow becomes when a step failed or ran out of retries; a result of StepRetry
  // or StepFailed, or no handler, ends it with its state unchanged.
  Step on_failed;
  // Asked before every step; false ends the workflow without running it. Pure.
  std::function<bool(const std::string& state)> still_wanted;
  RetryPolicy retry;
};

struct EngineOptions {
  int step_threads = 4;
  std::string lease = "engine";  // one engine per lease name; a newer one fences an older one
  std::string owner;             // shown in the lease: host and pid
  std::function<void()> outbox_written;  // a commit of the engine put an outbox row: Outbox::wake
};

enum class WorkflowEnd { finished, failed, cancelled };

// Runs once, on the store's writer thread, and must be short.
using FinishDone = std::move_only_function<void(WorkflowEnd, const std::string& state)>;

struct StartRequest {
  std::string id;  // unique for ever; an id that exists is a conflict
  std::string kind;
  std::string step;  // the first one
  std::string state;
  FinishDone finished;  // when it ends, in this process only; may be empty
};

// Durable execution: every step's result is one journal row, committed with the new state before
// the next step begins. Resumes after kill -9. Knows nothing of what its workflows are about.
class Engine {
 public:
  Engine(Journal& journal, const Clock& clock, Ids& ids, EngineOptions options);
  ~Engine();  // drains for at most limits::kShutdownMax

  // Before recover(). Kinds are never removed in a release: unfinished workflows need them.
  void add_kind(const std::string& name, WorkflowKind kind);

  // Takes the lease (a new epoch), finds what is unfinished, and starts the threads.
  Result<void> recover();

  // Commits the workflows with `also` in one transaction (all or nothing), then runs them.
  // `durable` runs after the sync: now a 202 may be sent. conflict: an id exists already, or `also`
  // was refused; invalid_input: unknown kind or step; busy: too many are ready to run.
  void start(std::vector<StartRequest> requests, WriteBatch also, DurableDone durable);
  void start(StartRequest request, WriteBatch also, DurableDone durable);

  // Durably appends an event with `also`. not_found: no such workflow, or it is done; conflict: it
  // ended while the event was written (`also` is committed).
  void signal(const std::string& id, std::string event, WriteBatch also, DurableDone durable);

  // Calls `finished` when the workflow ends, at once if it has; in this process only.
  Result<void> when_finished(const std::string& id, FinishDone finished);

  // What a workflow's own state is now. not_found where there is none.
  Result<std::string> state(const std::string& id);

  // Runs what is due by the clock now. The engine's own thread does this; tests with a FakeClock
  // call it after advance().
  void fire_due();

  // Blocks until nothing is ready or running (waiting workflows do not count), or for at most
  // `longest` of real time. False if something was still running. For tests and benchmarks.
  bool quiesce(Millis longest);

  // Takes no new work and waits until running steps have ended and are committed, at most
  // `longest`. What did not end resumes at the next start. False if something was still running.
  bool drain(Millis longest);

  struct Stats {
    std::size_t ready = 0, running = 0, waiting = 0;
    bool fenced = false;  // a newer engine took over: this one has stopped
  };
  Stats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace healer
