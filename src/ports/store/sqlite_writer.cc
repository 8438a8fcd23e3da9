#include "ports/store/sqlite_writer.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"

namespace healer {

namespace {

constexpr std::size_t kFoldKeysMax = 4096;  // folded in one transaction
constexpr int kCheckpointPages = 1000;      // of the WAL; 4 MB
constexpr int kPurgeRowsMax = 200;          // workflows forgotten in one transaction
constexpr Millis kFoldEvery{1000};
constexpr Millis kPurgeEvery{60'000};
constexpr Millis kComplainEvery{10'000};  // in the log, while the disk is full

// Whether a batch can be refused after some of it was applied.
bool refusable(const WriteBatch& batch) {
  for (const WriteOp& op : batch.ops) {
    const bool always_works =
        std::holds_alternative<CountDelta>(op) || std::holds_alternative<PutCheckpoint>(op) ||
        std::holds_alternative<DropCheckpoint>(op) || std::holds_alternative<PutValue>(op) ||
        std::holds_alternative<DropValue>(op) || std::holds_alternative<PutOutbox>(op) ||
        std::holds_alternative<AckOutbox>(op);
    if (!always_works) return true;
  }
  return batch.fence.has_value();
}

bool is_storage_failure(const CommitResult& result) {
  return result.status == CommitStatus::full || result.status == CommitStatus::io;
}

}  // namespace

Result<std::unique_ptr<SqliteWriter>> SqliteWriter::start(Db db, const StoreOptions& options,
                                                          const Clock& clock) {
  std::unique_ptr<SqliteWriter> writer(new SqliteWriter(std::move(db), options, clock));
  Db& own = writer->db_;
  writer->apply_ = std::make_unique<SqliteApply>(TRY(SqliteApply::prepare(own, clock)));
  writer->begin_ = TRY(own.prepare("BEGIN IMMEDIATE"));
  writer->end_ = TRY(own.prepare("COMMIT"));
  writer->rollback_ = TRY(own.prepare("ROLLBACK"));
  writer->savepoint_ = TRY(own.prepare("SAVEPOINT batch"));
  writer->release_ = TRY(own.prepare("RELEASE batch"));
  writer->rollback_to_ = TRY(own.prepare("ROLLBACK TO batch"));
  sqlite3_wal_hook(
      own.raw(),
      [](void* pages, sqlite3*, const char*, int now) {
        *static_cast<int*>(pages) = now;
        return SQLITE_OK;
      },
      &writer->wal_pages_);
  writer->housekeeping(true);  // a full disk does not stop the start
  writer->thread_ = std::thread([raw = writer.get()] { raw->run(); });
  return writer;
}

SqliteWriter::~SqliteWriter() { stop(); }

void SqliteWriter::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SqliteWriter::commit(WriteBatch batch, CommitDone done) {
  CommitResult refused;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) {
      refused = {CommitStatus::closed, "the store is closing"};
    } else if (!batch.accepted && queue_.size() >= limits::kWriteQueueMax) {
      refused = {CommitStatus::busy, "too many writes wait for the disk"};
    } else {
      const bool was_empty = queue_.empty();
      queue_.push_back({std::move(batch), std::move(done), {}});
      if (was_empty) wake_.notify_one();
      return;
    }
  }
  if (refused.status == CommitStatus::busy) Metrics::counter("write_queue_limit_hits")++;
  if (done) done(refused);
}

bool SqliteWriter::take(std::vector<Waiting>& group) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return stopping_ || !queue_.empty(); };
  if (unfolded_) {
    wake_.wait_for(lock, kFoldEvery, ready);
  } else {
    wake_.wait_for(lock, kPurgeEvery, ready);
  }
  std::swap(group, queue_);
  return !(stopping_ && group.empty());
}

void SqliteWriter::run() {
  std::vector<Waiting> group;
  while (take(group)) {
    const bool idle = group.empty();
    if (!idle) write_group(group);
    for (Waiting& waiting : group) {
      if (waiting.done) waiting.done(waiting.result);
    }
    group.clear();
    housekeeping(idle);
  }
}

void SqliteWriter::write_group(std::vector<Waiting>& group) {
  static auto& syncs = Metrics::counter("store_commits_total");
  static auto& batches = Metrics::counter("store_batches_total");
  syncs++;
  batches += static_cast<std::int64_t>(group.size());
  CommitResult result = write_all(group);
  if (result.ok()) return;
  if (group.size() > 1) {
    // One batch too large must not take the others with it.
    for (Waiting& waiting : group) {
      CommitResult alone = write_all(std::span(&waiting, 1));
      if (!alone.ok()) waiting.result = std::move(alone);
    }
  } else {
    group.front().result = result;
  }
  if (is_storage_failure(result)) complain(result);
}

void SqliteWriter::complain(const CommitResult& result) {
  const bool full = result.status == CommitStatus::full;
  Metrics::counter("store_failures_total", full ? "status=full" : "status=io")++;
  const Instant now = clock_.now();
  if (complained_at_ != Instant{} && now - complained_at_ < kComplainEvery) return;
  complained_at_ = now;
  log_event(LogLevel::error, "store_commit_failed", {{"said", result.message}});
}

CommitResult SqliteWriter::exec(Statement& statement, std::string_view doing) {
  const int rc = statement.step();
  CommitResult result;
  if (rc != SQLITE_DONE) result = apply_->failure(doing);
  statement.reset();
  return result;
}

// Ok: every waiting batch has its own result (ok, conflict or fenced). Else nothing was written.
CommitResult SqliteWriter::write_all(std::span<Waiting> group) {
  CountFold counts(options_.count_bucket);
  CommitResult result = exec(begin_, "beginning");
  bool wrote = false;
  for (Waiting& waiting : group) {
    if (!result.ok()) break;
    waiting.result = write_one(waiting, counts, group.size() == 1);
    wrote = wrote || waiting.result.ok();
    if (is_storage_failure(waiting.result)) result = waiting.result;
  }
  if (result.ok() && wrote) result = finish(counts);
  if (db_.in_transaction()) exec(rollback_, "rolling back");
  return result;
}

CommitResult SqliteWriter::write_one(Waiting& waiting, CountFold& counts, bool alone) {
  const bool guarded = !alone && refusable(waiting.batch);
  if (!guarded) return apply_->apply(waiting.batch, counts);
  if (CommitResult result = exec(savepoint_, "savepoint"); !result.ok()) return result;
  CountFold own(options_.count_bucket);
  CommitResult result = apply_->apply(waiting.batch, own);
  if (result.ok()) {
    for (const auto& [key, n] : own.sums()) counts.add(key, n);
  } else if (!is_storage_failure(result)) {
    CommitResult undone = exec(rollback_to_, "rolling back");
    if (!undone.ok()) return {CommitStatus::io, undone.message};
  }
  if (is_storage_failure(result)) return result;
  CommitResult released = exec(release_, "releasing");
  return released.ok() ? result : CommitResult{CommitStatus::io, released.message};
}

CommitResult SqliteWriter::finish(const CountFold& counts) {
  if (!counts.empty()) {
    if (CommitResult result = apply_->put_deltas(counts); !result.ok()) return result;
    unfolded_ = true;
  }
  return exec(end_, "committing");
}

void SqliteWriter::housekeeping(bool idle) {
  const Instant now = clock_.now();
  const auto attempt = [&](Result<void> done, std::string_view what) {
    if (db_.in_transaction()) exec(rollback_, "rolling back");
    if (done) return;
    log_event(LogLevel::warn, "store_housekeeping_failed",
              {{"what", std::string(what)}, {"said", done.error().message}});
  };
  if (unfolded_ && (idle || now - folded_at_ >= kFoldEvery)) {
    folded_at_ = now;
    attempt(fold_counts(), "fold");
  }
  if (now - purged_at_ >= kPurgeEvery) {
    purged_at_ = now;
    attempt(purge(), "purge");
  }
  checkpoint();
}

// The oldest rows, up to `last_row`. True where more are left.
Result<bool> SqliteWriter::read_deltas(CountFold& counts, std::int64_t& last_row) {
  Statement& rows = *TRY(db_.cached("SELECT id, bytes FROM count_delta ORDER BY id"));
  ResetLater reset(rows);
  int rc = rows.step();
  for (; rc == SQLITE_ROW && counts.sums().size() < kFoldKeysMax; rc = rows.step()) {
    TRY(counts.decode(rows.view(1)));
    last_row = rows.integer(0);
  }
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) return std::unexpected(db_.error("folding counts"));
  return rc == SQLITE_ROW;
}

Result<void> SqliteWriter::fold_counts() {
  CountFold counts(options_.count_bucket);
  std::int64_t last_row = 0;
  TRY(db_.exec("BEGIN IMMEDIATE"));
  const bool more = TRY(read_deltas(counts, last_row));
  Statement& put = *TRY(
      db_.cached("INSERT INTO count VALUES(?1,?2,?3,?4,?5) "
                 "ON CONFLICT(fingerprint,bucket,instance,version) DO UPDATE SET n=n+excluded.n"));
  for (const auto& [key, n] : counts.sums()) {
    put.bind(1, key.fingerprint).bind(2, key.bucket).bind(3, key.instance).bind(4, key.version);
    if (put.bind(5, n).run() != SQLITE_DONE) return std::unexpected(db_.error("folding counts"));
  }
  TRY(db_.exec(fmt::format("DELETE FROM count_delta WHERE id<={}; COMMIT", last_row)));
  unfolded_ = more;
  return {};
}

Result<void> SqliteWriter::purge() {
  const UnixMs now = clock_.wall_ms();
  const UnixMs done_before = now - options_.done_kept.count();
  TRY(db_.exec("BEGIN IMMEDIATE"));
  TRY(db_.exec(
      fmt::format("DELETE FROM count WHERE bucket<{}", now - options_.counts_kept.count())));
  TRY(db_.exec(fmt::format("DELETE FROM idempotency WHERE expires<={}", now)));
  TRY(
      db_.exec(fmt::format("CREATE TEMP TABLE IF NOT EXISTS old(id TEXT PRIMARY KEY) WITHOUT ROWID;"
                           "DELETE FROM old; INSERT INTO old SELECT id FROM workflow "
                           "WHERE phase=2 AND updated<{} LIMIT {}",
                           done_before, kPurgeRowsMax)));
  TRY(
      db_.exec("DELETE FROM journal WHERE workflow IN (SELECT id FROM old);"
               "DELETE FROM workflow WHERE id IN (SELECT id FROM old); DELETE FROM old"));
  TRY(
      db_.exec(fmt::format("INSERT INTO old SELECT id FROM incident WHERE hidden IN (0,1) AND "
                           "done=1 AND created<{0} AND last_seen<{0} LIMIT {1}",
                           now - options_.incidents_kept.count(), kPurgeRowsMax)));
  TRY(
      db_.exec("DELETE FROM incident_body WHERE number IN "
               "(SELECT number FROM incident WHERE id IN (SELECT id FROM old));"
               "DELETE FROM incident WHERE id IN (SELECT id FROM old)"));
  return db_.exec("COMMIT");
}

// Between groups only, and only here: SQLite 3.40 can lose a WAL reset with several checkpointers.
void SqliteWriter::checkpoint() {
  if (wal_pages_ < checkpointed_at_) checkpointed_at_ = 0;  // the log began anew
  if (wal_pages_ - checkpointed_at_ < kCheckpointPages) return;
  checkpointed_at_ = wal_pages_;
  const int rc =
      sqlite3_wal_checkpoint_v2(db_.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (rc == SQLITE_OK || rc == SQLITE_BUSY) return;
  log_event(LogLevel::warn, "store_checkpoint_failed", {{"said", db_.error("checkpoint").message}});
}

}  // namespace healer
