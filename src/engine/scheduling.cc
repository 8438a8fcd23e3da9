#include "base/log.h"
#include "engine/engine_impl.h"

namespace healer {

namespace {

constexpr Millis kTimerSliceMax{1000};  // the wall clock may jump

}  // namespace

void Engine::Impl::place(const LivePtr& live) {
  if (live->timer_at != 0) timers_.erase({live->timer_at, live->id});
  live->timer_at = 0;
  const UnixMs now = clock_.wall_ms();
  const bool waits = live->phase == WorkflowPhase::waiting && (live->due == 0 || live->due > now);
  UnixMs wake_at = live->due;
  if (live->not_before > now) {
    wake_at = live->not_before;
  } else if (!waits || !live->events.empty()) {
    live->event_only = waits;
    live->place = Place::ready;
    ready_.push_back(live);
    ready_wake_.notify_one();
    return;
  }
  live->place = Place::waiting;
  if (wake_at == 0) return;
  live->timer_at = wake_at;
  const auto added = timers_.insert({wake_at, live->id}).first;
  if (added == timers_.begin()) timer_wake_.notify_one();
}

void Engine::Impl::release(Live& live) {
  live.place = Place::waiting;
  running_--;
  if (idle_locked()) idle_wake_.notify_all();
}

Engine::Impl::LivePtr Engine::Impl::take_next() {
  std::unique_lock lock(mutex_);
  ready_wake_.wait(lock, [&] { return stopping_ || (!draining_ && !ready_.empty()); });
  if (stopping_) return nullptr;
  LivePtr live = std::move(ready_.front());
  ready_.pop_front();
  live->place = Place::running;
  running_++;
  return live;
}

void Engine::Impl::step_loop() {
  while (LivePtr live = take_next()) run(live);
}

void Engine::Impl::fire_due_locked() {
  const UnixMs now = clock_.wall_ms();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const std::string id = timers_.begin()->second;
    timers_.erase(timers_.begin());
    auto it = live_.find(id);
    if (it == live_.end()) continue;
    it->second->timer_at = 0;
    if (it->second->place == Place::waiting) place(it->second);
  }
}

void Engine::Impl::timer_loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (timers_.empty() || draining_) {
      timer_wake_.wait(lock);
      continue;
    }
    const Millis left(timers_.begin()->first - clock_.wall_ms());
    if (left > Millis(0)) {
      timer_wake_.wait_for(lock, std::min(left, kTimerSliceMax));
    } else {
      fire_due_locked();
    }
  }
}

void Engine::Impl::stop_if_over_locked(CommitStatus status) {
  if (status != CommitStatus::fenced && status != CommitStatus::closed) return;
  if (!draining_) {
    const char* why =
        status == CommitStatus::fenced ? "a newer engine holds the lease" : "the store is closed";
    log_event(LogLevel::error, "engine_stopped", {{"why", why}});
  }
  fenced_ = fenced_ || status == CommitStatus::fenced;
  draining_ = true;
  ready_.clear();
  timers_.clear();
}

void Engine::Impl::fire_due() {
  std::lock_guard lock(mutex_);
  if (!draining_) fire_due_locked();
}

bool Engine::Impl::quiesce(Millis longest) {
  std::unique_lock lock(mutex_);
  return idle_wake_.wait_for(lock, longest, [&] { return idle_locked() && ready_.empty(); });
}

bool Engine::Impl::drain(Millis longest) {
  std::unique_lock lock(mutex_);
  draining_ = true;
  return idle_wake_.wait_for(lock, longest, [&] { return idle_locked(); });
}

Engine::Stats Engine::Impl::stats() const {
  std::lock_guard lock(mutex_);
  Stats out{.ready = ready_.size(), .running = running_, .fenced = fenced_};
  for (const auto& [id, live] : live_) out.waiting += live->place == Place::waiting ? 1U : 0U;
  return out;
}

}  // namespace healer
