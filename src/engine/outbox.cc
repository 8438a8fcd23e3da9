#include "engine/outbox.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"

namespace healer {

namespace {

constexpr std::size_t kRowsPerRead = 100;
constexpr Millis kSliceMax{1000};  // the wall clock may jump

bool is_final(Errc code) {
  return code == Errc::invalid_input || code == Errc::denied || code == Errc::unsupported ||
         code == Errc::not_found;
}

}  // namespace

class Outbox::Impl {
 public:
  Impl(Journal& journal, const Clock& clock, Ids& ids, OutboxOptions options)
      : journal_(journal), clock_(clock), ids_(ids), options_(options) {}

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  void wake() {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }

  bool quiesce(Millis longest) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, longest, [&] { return idle_ && !woken_; });
  }

  std::map<std::string, Sink> sinks;

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      woken_ = idle_ = false;
      lock.unlock();
      const UnixMs next_due = deliver_due();
      lock.lock();
      if (woken_ || stopping_) continue;
      idle_ = true;
      changed_.notify_all();
      wait(lock, next_due);
    }
  }

  // Until woken, or something is due (0: nothing ever is).
  void wait(std::unique_lock<std::mutex>& lock, UnixMs next_due) {
    const auto ready = [&] { return woken_ || stopping_; };
    if (next_due == 0) return changed_.wait(lock, ready);
    for (Millis left(1); left > Millis(0) && !ready();) {
      left = Millis(next_due - clock_.wall_ms());
      if (left > Millis(0)) changed_.wait_for(lock, std::min(left, kSliceMax), ready);
    }
  }

  // Returns when the next row is due, 0 if there is none.
  UnixMs deliver_due() {
    while (true) {
      const auto rows = journal_.outbox(kRowsPerRead);
      if (!rows) {
        log_event(LogLevel::warn, "outbox_unreadable", {{"said", rows.error().message}});
        return clock_.wall_ms() + options_.retry.first.count();
      }
      for (const OutboxRow& row : *rows) {
        if (row.due > clock_.wall_ms()) return row.due;
        if (stop_requested()) return 0;
        if (!deliver(row)) return clock_.wall_ms() + options_.retry.first.count();
      }
      if (rows->size() < kRowsPerRead) return 0;
    }
  }

  bool stop_requested() {
    std::lock_guard lock(mutex_);
    return stopping_;
  }

  const Sink* sink_of(const OutboxRow& row) const {
    auto it = sinks.find(row.sink);
    if (it == sinks.end()) it = sinks.find(row.sink.substr(0, row.sink.find(':')));
    return it == sinks.end() ? nullptr : &it->second;
  }

  Result<void> send(const OutboxRow& row) {
    if (delivered_.contains(row.id)) return {};  // sent before, but not yet acknowledged
    const Sink* sink = sink_of(row);
    if (!sink) return fail(Errc::not_found, "no sink is called " + row.sink);
    return (*sink)(row);
  }

  // False where the store did not take the outcome: nothing more now.
  bool deliver(const OutboxRow& row) {
    const Result<void> sent = send(row);
    WriteBatch batch;
    batch.accepted = true;
    if (sent) {
      Metrics::counter("outbox_delivered_total")++;
      delivered_.insert(row.id);
      batch.add(AckOutbox{row.id});
    } else {
      batch.add(after_failure(row, sent.error()));
    }
    if (!commit_and_wait(journal_, std::move(batch)).ok()) return false;
    delivered_.erase(row.id);
    return true;
  }

  WriteOp after_failure(const OutboxRow& row, const Error& error) {
    Metrics::counter("outbox_failures_total")++;
    OutboxRow again = row;
    again.attempts++;
    const bool given_up = is_final(error.code) || again.attempts >= options_.retry.attempts_max;
    log_event(given_up ? LogLevel::error : LogLevel::warn,
              given_up ? "outbox_given_up" : "outbox_delayed",
              {{"id", row.id},
               {"sink", row.sink.substr(0, row.sink.find(':'))},
               {"said", error.message}});
    if (given_up) return AckOutbox{row.id};
    again.due =
        clock_.wall_ms() +
        options_.retry.delay(again.attempts, ids_.random_u64(), Millis(error.retry_after_ms))
            .count();
    return PutOutbox{std::move(again)};
  }

  Journal& journal_;
  const Clock& clock_;
  Ids& ids_;
  OutboxOptions options_;
  std::set<std::string> delivered_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false, idle_ = false, stopping_ = false;
  std::thread thread_;
};

Outbox::Outbox(Journal& journal, const Clock& clock, Ids& ids, OutboxOptions options)
    : impl_(std::make_unique<Impl>(journal, clock, ids, options)) {}
Outbox::~Outbox() = default;
void Outbox::add_sink(const std::string& name, Sink sink) {
  impl_->sinks.insert_or_assign(name, std::move(sink));
}
void Outbox::start() { impl_->start(); }
void Outbox::wake() { impl_->wake(); }
bool Outbox::quiesce(Millis longest) { return impl_->quiesce(longest); }

}  // namespace healer
