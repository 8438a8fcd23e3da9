#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "engine/settle.h"

namespace healer {

class Engine::Impl {
 public:
  Impl(Journal& journal, const Clock& clock, Ids& ids, EngineOptions options);
  ~Impl();

  Result<void> recover();
  void start(std::vector<StartRequest> requests, WriteBatch also, DurableDone durable);
  void signal(const std::string& id, std::string event, WriteBatch also, DurableDone durable);
  Result<void> when_finished(const std::string& id, FinishDone finished);
  Result<std::string> state(const std::string& id);
  void fire_due();
  bool quiesce(Millis longest);
  bool drain(Millis longest);
  Stats stats() const;

  std::map<std::string, WorkflowKind> kinds;

 private:
  class Context;
  using LivePtr = std::shared_ptr<Live>;

  // engine.cc: the front
  Result<void> claim_lease();
  Result<void> find_unfinished();
  Result<void> find_events();
  Result<void> check_start(const std::vector<StartRequest>& requests) const;
  LivePtr make_live(const StartRequest& request) const;
  void commit(WriteBatch batch, CommitDone done);  // fenced and counted
  bool deliver(const std::string& id, std::uint64_t number, std::string event);
  Fence fence() const { return {options_.lease, epoch_}; }

  // scheduling.cc: who runs when. All but the loops and take_next() with mutex_ held.
  void step_loop();
  void timer_loop();
  LivePtr take_next();
  void place(const LivePtr& live);  // by its phase, due time and events: ready or waiting
  void fire_due_locked();
  bool idle_locked() const { return running_ == 0 && committing_ == 0; }
  void stop_if_over_locked(CommitStatus status);  // fenced or closed: nothing runs any more
  void release(Live& live);                       // it does not run any more

  // run.cc: one run of one workflow, from its step to its commit. No lock held.
  void run(const LivePtr& live);
  Result<void> load(Live& live);
  std::optional<Settlement> run_once(const LivePtr& live, const std::string* event);
  std::optional<Settlement> run_event(const LivePtr& live, const std::string& event);
  Settlement after_failure(Live& live, Ran ran, const std::string& reason);
  StepResult call(const Step& step, Live& live, const std::string& event,
                  const std::string& reason);
  void commit_run(const LivePtr& live, Settlement settlement, std::uint64_t event_number);
  bool ends(const LivePtr& live, const Settlement& settlement);
  void committed(const LivePtr& live, Settlement& settlement, std::uint64_t event_number);
  void refused(const LivePtr& live, const CommitResult& result);
  void run_again(const LivePtr& live, int attempt, const std::string& why);

  Journal& journal_;
  const Clock& clock_;
  Ids& ids_;
  EngineOptions options_;
  std::uint64_t epoch_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable ready_wake_, timer_wake_, idle_wake_;
  std::unordered_map<std::string, LivePtr> live_;
  std::deque<LivePtr> ready_;
  std::set<std::pair<UnixMs, std::string>> timers_;
  std::size_t running_ = 0;     // steps on a thread or in a commit
  std::size_t committing_ = 0;  // commits not yet answered
  bool draining_ = false, stopping_ = false, fenced_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace healer
