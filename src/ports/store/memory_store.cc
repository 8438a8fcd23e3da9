#include "ports/store/memory_store.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "ports/store/memory_tables.h"
#include "ports/store/page_cursor.h"

namespace healer {

namespace {

bool contains_ignoring_case(const std::string& text, const std::string& part) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool matches(const IncidentQuery& query, const IncidentRow& row) {
  const auto same = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  return same(query.status, row.status) && same(query.severity, row.severity) &&
         same(query.category, row.category) && same(query.service, row.service) &&
         (!query.done || *query.done == row.done) && (query.with_hidden || !row.hidden) &&
         (query.from == 0 || row.created >= query.from) &&
         (query.to == 0 || row.created < query.to) &&
         (query.text.empty() || contains_ignoring_case(row.text, query.text));
}

template <class Map, class Key>
auto found(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
  auto it = map.find(key);
  if (it == map.end()) return std::nullopt;
  return it->second;
}

bool newer(const IncidentRow& a, const IncidentRow& b) {
  return std::tie(a.created, a.id) > std::tie(b.created, b.id);
}

class MemoryStoreImpl final : public MemoryStore {
 public:
  MemoryStoreImpl(const Clock& clock, MemoryWriter writer, MemoryTables tables, Millis bucket)
      : clock_(clock), writer_(writer), bucket_(bucket), tables_(std::move(tables)) {
    if (writer_ == MemoryWriter::own_thread) thread_ = std::thread([this] { run(); });
  }
  ~MemoryStoreImpl() override {
    {
      std::lock_guard lock(queue_mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void commit(WriteBatch batch, CommitDone done) override {
    if (writer_ == MemoryWriter::on_caller) return write(batch, done);
    std::unique_lock lock(queue_mutex_);
    if (stopping_) {
      lock.unlock();
      if (done) done({CommitStatus::closed, "the store is closing"});
      return;
    }
    queue_.emplace_back(std::move(batch), std::move(done));
    lock.unlock();
    wake_.notify_one();
  }

  void fail_commit(int n, CommitStatus status) override {
    std::lock_guard lock(mutex_);
    fail_in_ = n;
    fail_status_ = status;
  }
  void crash_at_journal_write(int n, CrashPoint point) override {
    std::lock_guard lock(mutex_);
    crash_in_ = n;
    crash_point_ = point;
  }
  bool crashed() const override {
    std::lock_guard lock(mutex_);
    return crashed_;
  }
  int journal_writes() const override {
    std::lock_guard lock(mutex_);
    return journal_writes_;
  }
  std::unique_ptr<MemoryStore> reopen() const override {
    std::lock_guard lock(mutex_);
    return std::make_unique<MemoryStoreImpl>(clock_, writer_, tables_, bucket_);
  }

  Result<std::vector<WorkflowHead>> unfinished(const std::string& after,
                                               std::size_t limit) override {
    std::lock_guard lock(mutex_);
    std::vector<WorkflowHead> out;
    for (auto it = tables_.workflows.upper_bound(after);
         it != tables_.workflows.end() && out.size() < limit; ++it) {
      const WorkflowRow& row = it->second;
      if (row.phase != WorkflowPhase::done) out.push_back({row.id, row.kind, row.phase, row.due});
    }
    return out;
  }
  Result<std::optional<WorkflowRow>> workflow(const std::string& id) override {
    std::lock_guard lock(mutex_);
    return found(tables_.workflows, id);
  }
  Result<std::vector<JournalRow>> journal(const std::string& workflow_id) override {
    std::lock_guard lock(mutex_);
    std::vector<JournalRow> out;
    for (const auto& [key, row] : tables_.journal) {
      if (key.first == workflow_id) out.push_back(row);
    }
    return out;
  }
  Result<std::optional<LeaseRow>> lease(const std::string& name) override {
    std::lock_guard lock(mutex_);
    return found(tables_.leases, name);
  }
  Result<std::vector<KeyValue>> values(const std::string& space,
                                       const std::string& prefix) override {
    std::lock_guard lock(mutex_);
    std::vector<KeyValue> out;
    for (const auto& [key, bytes] : tables_.values) {
      if (key.first == space && key.second.starts_with(prefix)) {
        out.push_back({space, key.second, bytes});
      }
    }
    return out;
  }
  Result<std::vector<OutboxRow>> outbox(std::size_t limit) override {
    std::lock_guard lock(mutex_);
    std::vector<OutboxRow> out;
    for (const auto& [id, row] : tables_.outbox) out.push_back(row);
    std::sort(out.begin(), out.end(), [](const OutboxRow& a, const OutboxRow& b) {
      return std::tie(a.due, a.id) < std::tie(b.due, b.id);
    });
    if (out.size() > limit) out.resize(limit);
    return out;
  }

  Result<std::optional<IncidentRow>> incident(const std::string& id) override {
    std::lock_guard lock(mutex_);
    return found(tables_.incidents, id);
  }
  Result<std::optional<IncidentRow>> open_incident(std::uint64_t fingerprint) override {
    return newest(fingerprint, true);
  }
  Result<std::optional<IncidentRow>> latest_incident(std::uint64_t fingerprint) override {
    return newest(fingerprint, false);
  }
  Result<IncidentPage> incidents(const IncidentQuery& query) override {
    PageCursor cursor;
    if (!query.cursor.empty()) cursor = TRY(parse_cursor(query.cursor));
    IncidentPage page;
    std::lock_guard lock(mutex_);
    for (const auto& [id, row] : tables_.incidents) {
      const bool past = query.cursor.empty() ||
                        std::tie(row.created, row.id) < std::tie(cursor.created, cursor.id);
      if (past && matches(query, row)) page.rows.push_back(row);
    }
    std::sort(page.rows.begin(), page.rows.end(), newer);
    if (page.rows.size() > page_limit(query)) {
      page.rows.resize(page_limit(query));
      page.next = format_cursor({page.rows.back().created, page.rows.back().id});
    }
    return page;
  }
  Result<std::vector<IncidentRow>> open_incidents() override {
    std::lock_guard lock(mutex_);
    std::vector<IncidentRow> out;
    for (const auto& [id, row] : tables_.incidents) {
      if (!row.done) out.push_back(row);
    }
    std::sort(out.begin(), out.end(), [](const IncidentRow& a, const IncidentRow& b) {
      return std::tie(b.priority, a.created, a.id) < std::tie(a.priority, b.created, b.id);
    });
    return out;
  }
  Result<IncidentStats> incident_stats() override {
    std::lock_guard lock(mutex_);
    IncidentStats stats;
    for (const auto& [id, row] : tables_.incidents) {
      if (row.hidden) continue;
      stats.total++;
      stats.open += row.done ? 0 : 1;
      stats.by_status[row.status]++;
      stats.by_severity[row.severity]++;
      stats.by_category[row.category]++;
      stats.by_service[row.service]++;
    }
    return stats;
  }

  Result<std::vector<CountSum>> counts(std::uint64_t fingerprint, UnixMs from, UnixMs to) override {
    std::lock_guard lock(mutex_);
    std::vector<CountSum> out;
    for_counts(from, to, [&](const CountKey& key, std::int64_t n) {
      if (key.fingerprint == fingerprint) merge_into(out, key, n);
    });
    return out;
  }
  Result<std::vector<FingerprintSum>> active_fingerprints(UnixMs from, UnixMs to) override {
    std::lock_guard lock(mutex_);
    std::map<std::uint64_t, FingerprintSum> sums;
    for_counts(from, to, [&](const CountKey& key, std::int64_t n) { merge_into(sums, key, n); });
    std::vector<FingerprintSum> out;
    for (const auto& [fingerprint, sum] : sums) out.push_back(sum);
    return out;
  }
  Millis bucket_length() const override { return bucket_; }

  Result<std::vector<TemplateRow>> templates() override {
    std::lock_guard lock(mutex_);
    std::vector<TemplateRow> out;
    for (const auto& [id, row] : tables_.templates) out.push_back(row);
    return out;
  }
  Result<std::vector<CheckpointRow>> checkpoints() override {
    std::lock_guard lock(mutex_);
    std::vector<CheckpointRow> out;
    for (const auto& [source, bytes] : tables_.checkpoints) out.push_back({source, bytes});
    return out;
  }
  Result<std::optional<std::string>> checkpoint(const std::string& source) override {
    std::lock_guard lock(mutex_);
    return found(tables_.checkpoints, source);
  }
  Result<std::optional<std::string>> idempotent(const std::string& route,
                                                const std::string& key) override {
    std::lock_guard lock(mutex_);
    const auto row = found(tables_.idempotency, std::pair(route, key));
    if (!row || row->expires <= clock_.wall_ms()) return std::nullopt;
    return row->response;
  }
  Result<std::optional<std::string>> value(const std::string& space,
                                           const std::string& key) override {
    std::lock_guard lock(mutex_);
    return found(tables_.values, std::pair(space, key));
  }

 private:
  void write(const WriteBatch& batch, CommitDone& done) {
    CommitResult result;
    {
      std::lock_guard lock(mutex_);
      result = write_locked(batch);
    }
    if (done) done(result);
  }

  CommitResult write_locked(const WriteBatch& batch) {
    const CommitResult closed{CommitStatus::closed, "the store has crashed, as it was told to"};
    if (crashed_) return closed;
    if (fail_in_ > 0 && --fail_in_ == 0) return {fail_status_, "refused, as it was told to"};
    const bool journals = std::any_of(batch.ops.begin(), batch.ops.end(), [](const WriteOp& op) {
      return std::holds_alternative<JournalRow>(op);
    });
    crashed_ = journals && crash_in_ > 0 && --crash_in_ == 0;
    if (crashed_ && crash_point_ == CrashPoint::before_sync) return closed;
    CommitResult result = tables_.apply(batch, clock_.wall_ms());
    if (journals && result.ok()) journal_writes_++;
    return crashed_ ? closed : result;
  }

  void run() {
    std::unique_lock lock(queue_mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto [batch, done] = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      write(batch, done);
      lock.lock();
    }
  }

  Result<std::optional<IncidentRow>> newest(std::uint64_t fingerprint, bool open_only) {
    std::lock_guard lock(mutex_);
    std::optional<IncidentRow> best;
    for (const auto& [id, row] : tables_.incidents) {
      if (row.fingerprint != fingerprint || (open_only && row.done)) continue;
      if (!best || newer(row, *best)) best = row;
    }
    return best;
  }

  template <class Each>
  void for_counts(UnixMs from, UnixMs to, Each each) const {
    const UnixMs first = tables_.counts.bucket_of(from);
    for (const auto& [key, n] : tables_.counts.sums()) {
      if (key.bucket >= first && key.bucket < to && n != 0) each(key, n);
    }
  }

  const Clock& clock_;
  const MemoryWriter writer_;
  const Millis bucket_;

  mutable std::mutex mutex_;
  MemoryTables tables_;
  int fail_in_ = 0, crash_in_ = 0, journal_writes_ = 0;
  CommitStatus fail_status_ = CommitStatus::io;
  CrashPoint crash_point_ = CrashPoint::after_sync;
  bool crashed_ = false;

  std::mutex queue_mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<WriteBatch, CommitDone>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<MemoryStore> make_memory_store(const Clock& clock, MemoryWriter writer,
                                               Millis count_bucket) {
  return std::make_unique<MemoryStoreImpl>(clock, writer, MemoryTables(count_bucket), count_bucket);
}

}  // namespace healer
