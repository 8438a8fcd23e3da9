#include "app/pipeline/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <sstream>
#include <thread>

#include "app/pipeline/findings.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "stages/ingest/ingest.h"
#include "stages/ingest/slices.h"

namespace healer {
namespace {

constexpr std::size_t kJobsOfOneBatchMax = 256;
constexpr std::size_t kBytesOfOneBatchMax = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kRetryAfterFailure{200};

struct Job {
  RawPayload payload;
  std::vector<Alert> alerts;
  bool always = false;
  IdempotencyKey once;
  std::optional<Checkpoint> after;  // of a tailed file
  std::string ended;                // key of a tailed file that is gone
  Pipeline::Done done;

  std::size_t bytes() const { return payload.bytes.size() + 256 + alerts.size() * 1024; }
  bool is_tail() const { return after || !ended.empty(); }
};

// Receipt::kept() read back.
Result<Receipt> receipt_of(const std::string& kept, std::uint64_t request) {
  std::istringstream in(kept);
  std::string hash;
  Receipt out{.replayed = true};
  if (!(in >> hash >> out.records >> out.is_new))
    return fail(Errc::corrupt, "what is kept under this Idempotency-Key cannot be read");
  if (hash != hex16(request))
    return fail(Errc::conflict, "this Idempotency-Key came with another request before");
  in >> out.incident;
  return out;
}

}  // namespace

class Pipeline::Impl {
 public:
  explicit Impl(PipelineWorld world) : world_(world), findings_(world) {}
  ~Impl() { stop(); }

  Result<void> start() {
    TRY(findings_.restore());
    thread_ = std::thread([this] { work(); });
    return {};
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  bool push(Job&& job) {
    static auto& refused = Metrics::counter("signal_queue_full_total");
    static auto& depth = Metrics::gauge("signal_queue_bytes");
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return false;
      // One job may be larger than all the room there is: it enters an empty queue.
      if (!jobs_.empty() && bytes_ + job.bytes() > limits::kSignalQueueBytesMax) {
        ++refused;
        return false;
      }
      bytes_ += job.bytes();
      depth = static_cast<std::int64_t>(bytes_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
  }

 private:
  struct Stream {
    StreamState state;
    Checkpoint after;
  };

  // Jobs of one kind: those that are answered, or those of files.
  std::vector<Job> next_jobs() {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return stopping_ || !jobs_.empty(); };
    if (const auto longest = until_next_work())
      wake_.wait_for(lock, *longest, ready);
    else
      wake_.wait(lock, ready);
    std::vector<Job> out;
    std::size_t bytes = 0;
    while (!jobs_.empty() && out.size() < kJobsOfOneBatchMax && bytes < kBytesOfOneBatchMax) {
      if (!out.empty() && jobs_.front().is_tail() != out.front().is_tail()) break;
      bytes += jobs_.front().bytes();
      out.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
    }
    bytes_ -= std::min(bytes_, bytes);
    Metrics::gauge("signal_queue_bytes") = static_cast<std::int64_t>(bytes_);
    return out;
  }

  std::optional<std::chrono::milliseconds> until_next_work() const {
    UnixMs next = findings_.signals_due_at();
    for (const auto& [key, stream] : streams_) {
      const UnixMs at = stream.state.flush_at();
      if (at != 0 && (next == 0 || at < next)) next = at;
    }
    if (next == 0) return std::nullopt;
    return std::chrono::milliseconds(std::clamp<UnixMs>(next - world_.clock.wall_ms(), 1, 1000));
  }

  void work() {
    for (;;) {
      std::vector<Job> jobs = next_jobs();
      if (!jobs.empty() && !jobs.front().is_tail())
        answer(jobs);
      else if (!jobs.empty())
        follow(jobs);
      flush(false);
      findings_.send_due_signals();
      std::lock_guard lock(mutex_);
      if (stopping_ && jobs_.empty()) break;
    }
    flush(true);
  }

  IngestLimits bounds() const {
    IngestLimits out;
    out.hold_max = world_.event_gap();
    return out;
  }

  void answer(std::vector<Job>& jobs) {
    const UnixMs now = world_.clock.wall_ms();
    Effect effect;
    std::vector<Receipt> receipts;
    std::vector<Done> answers;
    for (auto& job : jobs) {
      if (auto before = answered_before(job.once, effect)) {
        job.done(std::move(*before));
        continue;
      }
      if (!job.once.empty()) effect.once.emplace_back(std::move(job.once), receipts.size());
      answers.push_back(std::move(job.done));
      receipts.push_back(take(effect, job, now));
    }
    if (answers.empty()) return;
    const CommitResult result = findings_.commit(effect, receipts);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (result.ok())
        answers[i](std::move(receipts[i]));
      else
        answers[i](std::unexpected(to_error(result)));
    }
  }

  // The receipt that is kept under the key, or why there will be none; nullopt: it is a new one.
  // No other thread writes these routes, so nothing comes between this look and the commit.
  std::optional<Result<Receipt>> answered_before(const IdempotencyKey& once, const Effect& effect) {
    if (once.empty()) return std::nullopt;
    if (effect.holds(once))
      return fail(Errc::busy, "a request with this Idempotency-Key is being processed: try again");
    const auto kept = world_.store.idempotent(once.route, once.key);
    if (!kept) return std::unexpected(kept.error());
    if (!*kept) return std::nullopt;
    return receipt_of(**kept, once.request);
  }

  Receipt take(Effect& effect, Job& job, UnixMs now) {
    if (!job.alerts.empty()) {
      RecordBatch batch;
      for (const auto& alert : job.alerts) append_alert(batch, alert, "alertmanager", now);
      return findings_.add(effect, batch, now, job.always);
    }
    Receipt out;
    StreamState state;
    job.payload.is_final = true;
    PayloadSlices slices(std::move(job.payload), limits::kSliceBytes);
    while (auto slice = slices.next()) {
      RecordBatch batch = ingest(state, std::move(*slice), now, bounds());
      const Receipt more = findings_.add(effect, batch, now, job.always);
      out.records += more.records;
      if (!more.incident.empty()) out.joins(more.incident, more.is_new, more.severity);
    }
    return out;
  }

  void follow(std::vector<Job>& jobs) {
    const UnixMs now = world_.clock.wall_ms();
    Effect effect;
    for (auto& job : jobs) {
      if (!job.ended.empty()) {
        findings_.add(effect, healer::flush(streams_[job.ended].state, now, true, bounds()), now);
        streams_.erase(job.ended);
        effect.checkpoints.erase(job.ended);
        effect.dropped.push_back(job.ended);
        continue;
      }
      const std::string key = job.after->key();
      Stream& stream = streams_[key];
      stream.after = *job.after;
      if (!job.payload.bytes.empty() || job.payload.is_final)
        findings_.add(effect, ingest(stream.state, std::move(job.payload), now, bounds()), now);
      effect.checkpoints[key] = stream.after.before(stream.state.held_bytes()).bytes();
    }
    commit_for_sure(effect);
  }

  void flush(bool force) {
    const UnixMs now = world_.clock.wall_ms();
    Effect effect;
    for (auto& [key, stream] : streams_) {
      if (stream.state.flush_at() == 0 || (!force && stream.state.flush_at() > now)) continue;
      // At the end the rest of an open event stays in its file: the checkpoint is before it.
      if (force) continue;
      RecordBatch batch = healer::flush(stream.state, now, false, bounds());
      if (batch.records.empty()) continue;
      findings_.add(effect, batch, now);
      effect.checkpoints[key] = stream.after.before(stream.state.held_bytes()).bytes();
    }
    if (!effect.empty()) commit_for_sure(effect);
  }

  // Files wait: their lines are kept here, and not more of them are taken, until the store works
  // again.
  void commit_for_sure(Effect& effect) {
    std::vector<Receipt> none;
    for (bool told = false;; told = true) {
      const CommitResult result = findings_.commit(effect, none);
      if (result.ok()) {
        if (told) log_event(LogLevel::info, "store_works_again");
        return;
      }
      if (!told)
        log_event(LogLevel::error, "store_refused",
                  {{"what", "lines of files"}, {"error", result.message}});
      Metrics::counter("signal_commit_retries_total")++;
      refuse_answered(result);
      std::unique_lock lock(mutex_);
      if (stopping_ || result.status == CommitStatus::closed) return;
      wake_.wait_for(lock, kRetryAfterFailure, [&] { return stopping_; });
    }
  }

  // While files wait for the store, nobody who waits for an answer has to wait with them.
  void refuse_answered(const CommitResult& result) {
    std::vector<Job> refused;
    {
      std::lock_guard lock(mutex_);
      const auto first = std::stable_partition(jobs_.begin(), jobs_.end(),
                                               [](const Job& job) { return job.is_tail(); });
      for (auto job = first; job != jobs_.end(); ++job) {
        bytes_ -= std::min(bytes_, job->bytes());
        refused.push_back(std::move(*job));
      }
      jobs_.erase(first, jobs_.end());
    }
    for (auto& job : refused) job.done(std::unexpected(to_error(result)));
  }

  PipelineWorld world_;
  Findings findings_;
  std::unordered_map<std::string, Stream> streams_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::size_t bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

Pipeline::Pipeline(PipelineWorld world) : impl_(std::make_unique<Impl>(std::move(world))) {}
Pipeline::~Pipeline() = default;
Result<void> Pipeline::start() { return impl_->start(); }
void Pipeline::stop() { impl_->stop(); }

void Receipt::joins(const std::string& id, bool opened, Severity how_bad) {
  if (!incident.empty() && how_bad <= severity) return;
  incident = id;
  is_new = opened;
  severity = how_bad;
}

std::string Receipt::kept(std::uint64_t request) const {
  return fmt::format("{} {} {} {}", hex16(request), records, is_new ? 1 : 0, incident);
}

void Pipeline::submit(RawPayload payload, bool always, IdempotencyKey once, Done done) {
  Job job;
  job.payload = std::move(payload);
  job.always = always;
  job.once = std::move(once);
  job.done = std::move(done);
  if (!impl_->push(std::move(job)))
    job.done(fail(Errc::busy, "too many lines wait to be processed: try again in a second"));
}

void Pipeline::submit(std::vector<Alert> alerts, IdempotencyKey once, Done done) {
  Job job;
  job.alerts = std::move(alerts);
  job.once = std::move(once);
  job.done = std::move(done);
  if (!impl_->push(std::move(job)))
    job.done(fail(Errc::busy, "too many lines wait to be processed: try again in a second"));
}

SinkAnswer Pipeline::tail(RawPayload payload, Checkpoint after) {
  Job job;
  job.payload = std::move(payload);
  job.after = std::move(after);
  return impl_->push(std::move(job)) ? SinkAnswer::taken : SinkAnswer::busy;
}

void Pipeline::tail_ended(std::string_view key) {
  Job job;
  job.ended = key;
  impl_->push(std::move(job));
}

}  // namespace healer
