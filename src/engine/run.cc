#include <exception>

#include "base/log.h"
#include "base/metrics.h"
#include "engine/engine_impl.h"
#include "engine/event_key.h"

namespace healer {

namespace {

constexpr int kEndsPutOffMax = 20;             // a workflow's end waits for events so often
constexpr std::size_t kKeptStateBytes = 4096;  // of a waiting workflow; a larger one is read again

}  // namespace

class Engine::Impl::Context final : public StepContext {
 public:
  Context(Impl& engine, Live& live, const std::string& event, const std::string& reason)
      : engine_(engine), live_(live), event_(event), reason_(reason) {}

  const std::string& workflow_id() const override { return live_.id; }
  const std::string& state() const override { return live_.at.state; }
  int attempt() const override { return live_.at.attempt; }
  UnixMs wall_ms() const override { return engine_.clock_.wall_ms(); }
  const std::string& event() const override { return event_; }
  const std::string& reason() const override { return reason_; }

  bool stopping() const override {
    std::lock_guard lock(engine_.mutex_);
    return engine_.draining_;
  }

  Result<Intent> intent(const std::string& key) override {
    if (auto it = live_.intents.find(key); it != live_.intents.end()) {
      return Intent{true, it->second};
    }
    const UnixMs now = wall_ms();
    const JournalEntry entry{JournalKind::intent, live_.at.step, {}, key, live_.at.attempt};
    WriteBatch batch;
    batch.add(JournalRow{live_.id, live_.sequence + 1, engine_.epoch_, kRecordFormat, now,
                         encode(entry)});
    batch.fence = engine_.fence();
    batch.accepted = true;
    const CommitResult result = commit_and_wait(engine_.journal_, std::move(batch));
    if (!result.ok()) {
      std::lock_guard lock(engine_.mutex_);
      engine_.stop_if_over_locked(result.status);
      return std::unexpected(to_error(result).within("noting the intent " + key));
    }
    live_.sequence++;
    live_.intents.emplace(key, now);
    return Intent{false, now};
  }

 private:
  Impl& engine_;
  Live& live_;
  const std::string& event_;
  const std::string& reason_;
};

void Engine::Impl::run(const LivePtr& live) {
  if (!live->loaded) {
    if (Result<void> loaded = load(*live); !loaded) {
      return run_again(live, ++live->refusals, loaded.error().message);
    }
  }
  std::optional<std::pair<std::uint64_t, std::string>> event;
  {
    std::lock_guard lock(mutex_);
    if (!live->events.empty()) event = *live->events.begin();
  }
  auto settlement = run_once(live, event ? &event->second : nullptr);
  if (!settlement) return;
  commit_run(live, *std::move(settlement), event ? event->first : 0);
}

Result<void> Engine::Impl::load(Live& live) {
  auto row = TRY(journal_.workflow(live.id));
  if (!row) return fail(Errc::corrupt, "engine: the row of workflow " + live.id + " is gone");
  live.at = TRY(decode_envelope(row->state));
  live.version = row->version;
  live.sequence = 0;
  live.intents.clear();
  for (const JournalRow& fact : TRY(journal_.journal(live.id))) {
    live.sequence = fact.sequence;
    JournalEntry entry = TRY(decode_journal(fact.format, fact.bytes));
    if (entry.kind == JournalKind::intent) live.intents.emplace(std::move(entry.detail), fact.at);
  }
  live.loaded = true;
  return {};
}

StepResult Engine::Impl::call(const Step& step, Live& live, const std::string& event,
                              const std::string& reason) {
  static auto& steps = Metrics::counter("engine_steps_total");
  steps++;
  Context context(*this, live, event, reason);
  try {
    return step(context);
  } catch (const std::exception& thrown) {
    return StepFailed{std::string("it threw: ") + thrown.what()};
  }
}

// nullopt: nothing to commit, it was released or runs again later.
std::optional<Settlement> Engine::Impl::run_once(const LivePtr& live, const std::string* event) {
  const int attempts_max = live->kind->retry.attempts_max;
  const Ran ran = event ? Ran::event : Ran::step;
  if (live->conflicts > 2 * attempts_max) {
    return end_as_is(*live, WorkflowEnd::failed, "the store refused its result as a conflict");
  }
  if (live->conflicts > attempts_max) return after_failure(*live, ran, "its result is a conflict");
  if (ran == Ran::event) return run_event(live, *event);

  const WorkflowKind& kind = *live->kind;
  if (kind.still_wanted && !kind.still_wanted(live->at.state)) {
    return end_as_is(*live, WorkflowEnd::cancelled, "not wanted any more");
  }
  auto step = kind.steps.find(live->at.step);
  if (step == kind.steps.end()) {
    return after_failure(*live, ran, "this release has no step " + live->at.step);
  }
  StepResult result = call(step->second, *live, {}, {});
  if (std::holds_alternative<StepRetry>(result)) {
    Metrics::counter("engine_retries_total")++;
    std::lock_guard lock(mutex_);
    if (draining_) {  // stopping is not the step's fault: the attempt does not count
      release(*live);
      return std::nullopt;
    }
  }
  auto settlement = settle(*live, ran, result, clock_.wall_ms(), ids_.random_u64());
  return settlement ? std::move(settlement) : after_failure(*live, ran, failure_reason(result));
}

std::optional<Settlement> Engine::Impl::run_event(const LivePtr& live, const std::string& event) {
  StepResult result = StepStay{live->at.state, {}};
  if (live->kind->on_event) {
    result = call(live->kind->on_event, *live, event, {});
  } else {
    log_event(LogLevel::warn, "workflow_event_dropped", {{"id", live->id}});
  }
  const auto* retry = std::get_if<StepRetry>(&result);
  if (retry && ++live->event_attempts < live->kind->retry.attempts_max) {
    run_again(live, live->event_attempts, retry->reason);
    return std::nullopt;
  }
  auto settlement = settle(*live, Ran::event, result, clock_.wall_ms(), ids_.random_u64());
  return settlement ? std::move(settlement)
                    : after_failure(*live, Ran::event, failure_reason(result));
}

Settlement Engine::Impl::after_failure(Live& live, Ran ran, const std::string& reason) {
  Metrics::counter("engine_failures_total")++;
  log_event(LogLevel::warn, "workflow_step_failed",
            {{"id", live.id}, {"step", live.at.step}, {"why", reason}});
  std::optional<Settlement> out;
  if (live.kind->on_failed) {
    StepResult result = call(live.kind->on_failed, live, {}, reason);
    const bool moves =
        std::holds_alternative<StepOk>(result) || std::holds_alternative<StepWait>(result);
    if (moves) out = settle(live, Ran::step, result, clock_.wall_ms(), 0);
  }
  if (!out) return end_as_is(live, WorkflowEnd::failed, reason);
  if (out->phase == WorkflowPhase::done) out->at.end = WorkflowEnd::failed;
  out->entry.kind = JournalKind::failed;
  out->entry.detail = reason;
  out->event_handled = ran == Ran::event;
  out->unchanged = false;
  return *std::move(out);
}

// An event that came while the last step ran was promised to be handled: the step's result is
// dropped, as a crash would have done, and it runs again behind the event.
bool Engine::Impl::ends(const LivePtr& live, const Settlement& settlement) {
  std::lock_guard lock(mutex_);
  const bool late = !settlement.event_handled && !live->events.empty() && !draining_;
  if (late && live->put_off < kEndsPutOffMax) {
    ++live->put_off;
    release(*live);
    place(live);
    return false;
  }
  if (late) Metrics::counter("ends_put_off_limit_hits")++;
  live->ending = true;
  return true;
}

void Engine::Impl::commit_run(const LivePtr& live, Settlement settlement,
                              std::uint64_t event_number) {
  const UnixMs now = clock_.wall_ms();
  const bool done = settlement.phase == WorkflowPhase::done;
  if (done && !ends(live, settlement)) return;
  WriteBatch batch;
  batch.accepted = true;
  batch.add(PutWorkflow{{.id = live->id,
                         .kind = live->kind_name,
                         .phase = settlement.phase,
                         .due = settlement.due,
                         .updated = now,
                         .state = encode(settlement.at)},
                        live->version});
  if (!settlement.unchanged) {
    batch.add(JournalRow{live->id, live->sequence + 1, epoch_, kRecordFormat, now,
                         encode(settlement.entry)});
  }
  {
    std::lock_guard lock(mutex_);
    for (const auto& [number, bytes] : live->events) {
      const bool handled = settlement.event_handled && number == event_number;
      if (handled || done) {
        batch.add(DropValue{std::string(kEventSpace), format_event_key({live->id, number})});
      }
    }
  }
  batch.append(std::move(settlement.also));
  commit(std::move(batch), [this, live, event_number, settlement = std::move(settlement)](
                               const CommitResult& result) mutable {
    if (result.ok()) {
      committed(live, settlement, event_number);
    } else {
      refused(live, result);
    }
  });
}

void Engine::Impl::committed(const LivePtr& live, Settlement& settlement,
                             std::uint64_t event_number) {
  std::vector<FinishDone> finished;
  {
    std::lock_guard lock(mutex_);
    live->at = std::move(settlement.at);
    live->version++;
    live->sequence += settlement.unchanged ? 0 : 1;
    live->refusals = live->conflicts = 0;
    live->phase = settlement.phase;
    live->due = settlement.due;
    live->not_before = 0;
    if (settlement.event_handled) {
      live->events.erase(event_number);
      live->event_attempts = 0;
    }
    release(*live);
    if (settlement.phase == WorkflowPhase::done) {
      finished = std::move(live->finished);
      live_.erase(live->id);
    } else if (!draining_) {
      place(live);
    }
    if (live->place == Place::waiting && live->at.state.size() > kKeptStateBytes &&
        settlement.phase != WorkflowPhase::done) {
      live->loaded = false;
      live->at.state = {};
      live->intents.clear();
    }
  }
  for (FinishDone& done : finished) done(live->at.end, live->at.state);
}

void Engine::Impl::refused(const LivePtr& live, const CommitResult& result) {
  live->loaded = false;  // what the store has counts
  {
    std::lock_guard lock(mutex_);
    live->ending = false;
  }
  if (result.status == CommitStatus::fenced || result.status == CommitStatus::closed) {
    std::lock_guard lock(mutex_);
    return release(*live);
  }
  const bool conflict = result.status == CommitStatus::conflict;
  run_again(live, conflict ? ++live->conflicts : ++live->refusals, result.message);
}

void Engine::Impl::run_again(const LivePtr& live, int attempt, const std::string& why) {
  log_event(LogLevel::warn, "workflow_delayed",
            {{"id", live->id}, {"step", live->at.step}, {"why", why}});
  std::lock_guard lock(mutex_);
  live->not_before = clock_.wall_ms() + live->kind->retry.delay(attempt, ids_.random_u64()).count();
  release(*live);
  if (!draining_) place(live);
}

}  // namespace healer
