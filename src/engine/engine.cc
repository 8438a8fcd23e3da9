#include "engine/engine.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engine/engine_impl.h"
#include "engine/event_key.h"

namespace healer {

namespace {

constexpr std::size_t kHeadsPerRead = 1000;

bool puts_outbox(const WriteBatch& batch) {
  return std::any_of(batch.ops.begin(), batch.ops.end(),
                     [](const WriteOp& op) { return std::holds_alternative<PutOutbox>(op); });
}

}  // namespace

Engine::Engine(Journal& journal, const Clock& clock, Ids& ids, EngineOptions options)
    : impl_(std::make_unique<Impl>(journal, clock, ids, std::move(options))) {}
Engine::~Engine() = default;

void Engine::add_kind(const std::string& name, WorkflowKind kind) {
  impl_->kinds.insert_or_assign(name, std::move(kind));
}
Result<void> Engine::recover() { return impl_->recover(); }
void Engine::start(std::vector<StartRequest> requests, WriteBatch also, DurableDone durable) {
  impl_->start(std::move(requests), std::move(also), std::move(durable));
}
void Engine::start(StartRequest request, WriteBatch also, DurableDone durable) {
  std::vector<StartRequest> requests;
  requests.push_back(std::move(request));
  impl_->start(std::move(requests), std::move(also), std::move(durable));
}
void Engine::signal(const std::string& id, std::string event, WriteBatch also,
                    DurableDone durable) {
  impl_->signal(id, std::move(event), std::move(also), std::move(durable));
}
Result<void> Engine::when_finished(const std::string& id, FinishDone finished) {
  return impl_->when_finished(id, std::move(finished));
}
Result<std::string> Engine::state(const std::string& id) { return impl_->state(id); }
void Engine::fire_due() { impl_->fire_due(); }
bool Engine::quiesce(Millis longest) { return impl_->quiesce(longest); }
bool Engine::drain(Millis longest) { return impl_->drain(longest); }
Engine::Stats Engine::stats() const { return impl_->stats(); }

Engine::Impl::Impl(Journal& journal, const Clock& clock, Ids& ids, EngineOptions options)
    : journal_(journal), clock_(clock), ids_(ids), options_(std::move(options)) {
  // Two engines of one process are two owners.
  options_.owner += (options_.owner.empty() ? "" : " ") + ids_.uuid7();
}

Engine::Impl::~Impl() {
  drain(limits::kShutdownMax);
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_wake_.notify_all();
  timer_wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  std::unique_lock lock(mutex_);
  idle_wake_.wait(lock, [&] { return committing_ == 0; });
}

Result<void> Engine::Impl::recover() {
  TRY(claim_lease());
  TRY(find_unfinished());
  TRY(find_events());
  std::lock_guard lock(mutex_);
  for (const auto& [id, live] : live_) place(live);
  for (int i = 0; i < options_.step_threads; ++i) threads_.emplace_back([this] { step_loop(); });
  threads_.emplace_back([this] { timer_loop(); });
  return {};
}

Result<void> Engine::Impl::claim_lease() {
  const auto held = TRY(journal_.lease(options_.lease));
  epoch_ = (held ? held->epoch : 0) + 1;
  WriteBatch batch;
  batch.add(PutLease{{options_.lease, epoch_, options_.owner, 0}});
  const CommitResult result = commit_and_wait(journal_, std::move(batch));
  if (!result.ok()) return std::unexpected(to_error(result).within("engine: taking the lease"));
  return {};
}

Result<void> Engine::Impl::find_unfinished() {
  std::string after;
  while (true) {
    const auto heads = TRY(journal_.unfinished(after, kHeadsPerRead));
    for (const WorkflowHead& head : heads) {
      auto kind = kinds.find(head.kind);
      if (kind == kinds.end()) {
        log_event(LogLevel::error, "workflow_of_unknown_kind",
                  {{"id", head.id}, {"kind", head.kind}});
        continue;
      }
      auto live = std::make_shared<Live>();
      live->id = head.id;
      live->kind_name = head.kind;
      live->kind = &kind->second;
      live->phase = head.phase;
      live->due = head.due;
      live_.emplace(head.id, std::move(live));
    }
    if (heads.size() < kHeadsPerRead) return {};
    after = heads.back().id;
  }
}

Result<void> Engine::Impl::find_events() {
  WriteBatch orphans;
  for (auto& row : TRY(journal_.values(std::string(kEventSpace), ""))) {
    const auto key = parse_event_key(row.key);
    auto it = key ? live_.find(key->workflow_id) : live_.end();
    if (it == live_.end()) {
      orphans.add(DropValue{row.space, row.key});
      continue;
    }
    Live& live = *it->second;
    live.events.emplace(key->number, std::move(row.bytes));
    live.next_event = std::max(live.next_event, key->number + 1);
  }
  if (!orphans.ops.empty()) commit(std::move(orphans), {});
  return {};
}

void Engine::Impl::commit(WriteBatch batch, CommitDone done) {
  batch.fence = fence();
  const bool to_outbox = options_.outbox_written && puts_outbox(batch);
  {
    std::lock_guard lock(mutex_);
    committing_++;
  }
  journal_.commit(std::move(batch),
                  [this, to_outbox, done = std::move(done)](const CommitResult& result) mutable {
                    if (done) done(result);
                    if (to_outbox && result.ok()) options_.outbox_written();
                    std::lock_guard lock(mutex_);
                    stop_if_over_locked(result.status);
                    committing_--;
                    if (idle_locked()) idle_wake_.notify_all();
                  });
}

Result<void> Engine::Impl::check_start(const std::vector<StartRequest>& requests) const {
  for (const StartRequest& request : requests) {
    auto kind = kinds.find(request.kind);
    if (kind == kinds.end()) return fail(Errc::invalid_input, "no such kind: " + request.kind);
    if (!kind->second.steps.contains(request.step)) {
      return fail(Errc::invalid_input,
                  fmt::format("kind {} has no step {}", request.kind, request.step));
    }
  }
  std::lock_guard lock(mutex_);
  if (draining_) return fail(Errc::cancelled, "the engine is stopping");
  if (ready_.size() + requests.size() > limits::kStepQueueMax) {
    Metrics::counter("step_queue_limit_hits")++;
    return fail(Errc::busy, "too many workflows are ready to run", 1000);
  }
  return {};
}

Engine::Impl::LivePtr Engine::Impl::make_live(const StartRequest& request) const {
  auto live = std::make_shared<Live>();
  live->id = request.id;
  live->kind_name = request.kind;
  live->kind = &kinds.at(request.kind);
  live->at = {request.step, 1, WorkflowEnd::finished, request.state};
  live->version = live->sequence = 1;
  live->loaded = true;
  return live;
}

void Engine::Impl::start(std::vector<StartRequest> requests, WriteBatch also, DurableDone durable) {
  if (Result<void> fine = check_start(requests); !fine) return durable(std::move(fine));
  const UnixMs now = clock_.wall_ms();
  WriteBatch batch;
  batch.accepted = also.accepted;
  std::vector<LivePtr> fresh;
  for (StartRequest& request : requests) {
    LivePtr live = make_live(request);
    if (request.finished) live->finished.push_back(std::move(request.finished));
    batch.add(PutWorkflow{{.id = live->id,
                           .kind = live->kind_name,
                           .phase = WorkflowPhase::ready,
                           .updated = now,
                           .state = encode(live->at)},
                          0});
    const JournalEntry entry{JournalKind::started, {}, live->at.step, {}, 1};
    batch.add(JournalRow{live->id, 1, epoch_, kRecordFormat, now, encode(entry)});
    fresh.push_back(std::move(live));
  }
  batch.append(std::move(also));
  commit(std::move(batch), [this, fresh = std::move(fresh),
                            durable = std::move(durable)](const CommitResult& result) mutable {
    if (!result.ok()) {
      if (durable) durable(std::unexpected(to_error(result)));
      return;
    }
    {
      std::lock_guard lock(mutex_);
      for (const LivePtr& live : fresh) {
        live_.emplace(live->id, live);
        place(live);
      }
    }
    if (durable) durable({});
  });
}

void Engine::Impl::signal(const std::string& id, std::string event, WriteBatch also,
                          DurableDone durable) {
  std::uint64_t number = 0;
  Result<void> refused;
  {
    std::lock_guard lock(mutex_);
    auto it = live_.find(id);
    if (draining_) {
      refused = fail(Errc::cancelled, "the engine is stopping");
    } else if (it == live_.end()) {
      refused = fail(Errc::not_found, "no unfinished workflow has the id " + id);
    } else {
      number = it->second->next_event++;
    }
  }
  if (!refused) {
    if (durable) durable(std::move(refused));
    return;
  }
  WriteBatch batch;
  batch.accepted = also.accepted;
  batch.add(PutValue{{std::string(kEventSpace), format_event_key({id, number}), event}});
  batch.append(std::move(also));
  commit(std::move(batch), [this, id, number, event = std::move(event),
                            durable = std::move(durable)](const CommitResult& result) mutable {
    Result<void> outcome;
    if (!result.ok()) {
      outcome = std::unexpected(to_error(result));
    } else if (!deliver(id, number, std::move(event))) {
      outcome = fail(Errc::conflict, "the workflow ended while the event was written");
    }
    if (durable) durable(std::move(outcome));
  });
}

bool Engine::Impl::deliver(const std::string& id, std::uint64_t number, std::string event) {
  {
    std::lock_guard lock(mutex_);
    if (auto it = live_.find(id); it != live_.end() && !it->second->ending) {
      const LivePtr& live = it->second;
      live->events.emplace(number, std::move(event));
      if (live->place == Place::waiting && !draining_) place(live);
      return true;
    }
  }
  WriteBatch orphan;
  orphan.add(DropValue{std::string(kEventSpace), format_event_key({id, number})});
  orphan.accepted = true;
  commit(std::move(orphan), {});
  return false;
}

Result<void> Engine::Impl::when_finished(const std::string& id, FinishDone finished) {
  {
    std::lock_guard lock(mutex_);
    if (auto it = live_.find(id); it != live_.end()) {
      it->second->finished.push_back(std::move(finished));
      return {};
    }
  }
  const auto row = TRY(journal_.workflow(id));
  if (!row || row->phase != WorkflowPhase::done) {
    return fail(Errc::not_found, "no workflow has the id " + id);
  }
  const Envelope envelope = TRY(decode_envelope(row->state));
  finished(envelope.end, envelope.state);
  return {};
}

Result<std::string> Engine::Impl::state(const std::string& id) {
  const auto row = TRY(journal_.workflow(id));
  if (!row) return fail(Errc::not_found, "no workflow has the id " + id);
  return TRY(decode_envelope(row->state)).state;
}

}  // namespace healer
