#include "app/pipeline/pipeline.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "app/pipeline/findings.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "stages/ingest/ingest.h"

namespace healer {
namespace {

constexpr std::size_t kJobsOfOneBatchMax = 256;
constexpr std::size_t kBytesOfOneBatchMax = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kRetryAfterFailure{200};

struct Job {
  RawPayload payload;
  std::vector<Alert> alerts;
  bool always = false;
  std::optional<Checkpoint> after;  // of a tailed file
  std::string ended;                // key of a tailed file that is gone
  Pipeline::Done done;

  std::size_t bytes() const { return payload.bytes.size() + 256 + alerts.size() * 1024; }
  bool is_tail() const { return after || !ended.empty(); }
};

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
    for (auto& job : jobs) {
      StreamState once;
      RecordBatch batch;
      if (job.alerts.empty()) {
        job.payload.is_final = true;
        batch = ingest(once, std::move(job.payload), now, bounds());
      }
      for (const auto& alert : job.alerts) append_alert(batch, alert, "alertmanager", now);
      receipts.push_back(findings_.add(effect, batch, now, job.always));
    }
    const CommitResult result = findings_.commit(effect, receipts);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (result.ok())
        jobs[i].done(std::move(receipts[i]));
      else
        jobs[i].done(std::unexpected(to_error(result)));
    }
  }

  void follow(std::vector<Job>& jobs) {
    const UnixMs now = world_.clock.wall_ms();
    Effect effect;
    for (auto& job : jobs) {
      if (!job.ended.empty()) {
        streams_.erase(job.ended);
        effect.checkpoints.erase(job.ended);
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
      std::unique_lock lock(mutex_);
      if (stopping_ || result.status == CommitStatus::closed) return;
      wake_.wait_for(lock, kRetryAfterFailure, [&] { return stopping_; });
    }
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

void Pipeline::submit(RawPayload payload, bool always, Done done) {
  Job job;
  job.payload = std::move(payload);
  job.always = always;
  job.done = std::move(done);
  if (!impl_->push(std::move(job)))
    job.done(fail(Errc::busy, "too many lines wait to be processed: try again in a second"));
}

void Pipeline::submit(std::vector<Alert> alerts, Done done) {
  Job job;
  job.alerts = std::move(alerts);
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
