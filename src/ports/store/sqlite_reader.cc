#include "ports/store/sqlite_reader.h"

#include <sqlite3.h>

namespace healer {

Result<std::unique_ptr<ReaderPool>> ReaderPool::open(const std::string& path, int connections) {
  auto pool = std::make_unique<ReaderPool>();
  for (int i = 0; i < connections; ++i) {
    pool->all_.push_back(std::make_unique<Db>(TRY(Db::open(path, DbAccess::read_only))));
    pool->free_.push_back(pool->all_.back().get());
  }
  return pool;
}

ReaderPool::Lease ReaderPool::take() {
  std::unique_lock lock(mutex_);
  free_ready_.wait(lock, [&] { return !free_.empty(); });
  Db* db = free_.back();
  free_.pop_back();
  return {*this, db};
}

void ReaderPool::give_back(Db* db) {
  {
    std::lock_guard lock(mutex_);
    free_.push_back(db);
  }
  free_ready_.notify_one();
}

namespace sqlite_read {

namespace {

// Every row of a bound statement through `row`; resets it.
template <class Row>
Result<void> each(Db& db, Statement& statement, Row row) {
  ResetLater reset(statement);
  int rc = statement.step();
  for (; rc == SQLITE_ROW; rc = statement.step()) row();
  if (rc != SQLITE_DONE) return std::unexpected(db.error("reading"));
  return {};
}

JournalRow journal_row(const Statement& s) {
  return {s.text(0),    s.integer(1), s.unsigned_integer(2), static_cast<int>(s.integer(3)),
          s.integer(4), s.text(5)};
}

}  // namespace

Result<std::vector<WorkflowHead>> unfinished(Db& db, const std::string& after, std::size_t limit) {
  Statement& s = *TRY(db.cached(
      "SELECT id,kind,phase,due FROM workflow WHERE phase<2 AND id>?1 ORDER BY id LIMIT ?2"));
  s.bind(1, after).bind(2, static_cast<std::int64_t>(limit));
  std::vector<WorkflowHead> out;
  TRY(each(db, s, [&] {
    out.push_back({s.text(0), s.text(1), static_cast<WorkflowPhase>(s.integer(2)), s.integer(3)});
  }));
  return out;
}

Result<std::optional<WorkflowRow>> workflow(Db& db, const std::string& id) {
  Statement& s =
      *TRY(db.cached("SELECT id,kind,version,phase,due,updated,state FROM workflow WHERE id=?1"));
  s.bind(1, id);
  std::optional<WorkflowRow> out;
  TRY(each(db, s, [&] {
    out = WorkflowRow{
        s.text(0),    s.text(1),    s.integer(2), static_cast<WorkflowPhase>(s.integer(3)),
        s.integer(4), s.integer(5), s.text(6)};
  }));
  return out;
}

Result<std::vector<JournalRow>> journal(Db& db, const std::string& workflow_id) {
  Statement& s = *TRY(
      db.cached("SELECT workflow,sequence,epoch,format,at,bytes FROM journal WHERE workflow=?1 "
                "ORDER BY sequence"));
  s.bind(1, workflow_id);
  std::vector<JournalRow> out;
  TRY(each(db, s, [&] { out.push_back(journal_row(s)); }));
  return out;
}

Result<std::optional<LeaseRow>> lease(Db& db, const std::string& name) {
  Statement& s = *TRY(db.cached("SELECT name,epoch,owner,until FROM lease WHERE name=?1"));
  s.bind(1, name);
  std::optional<LeaseRow> out;
  TRY(each(db, s, [&] { out = {s.text(0), s.unsigned_integer(1), s.text(2), s.integer(3)}; }));
  return out;
}

Result<std::vector<KeyValue>> values(Db& db, const std::string& space, const std::string& prefix) {
  Statement& s =
      *TRY(db.cached("SELECT space,key,bytes FROM value WHERE space=?1 AND key>=?2 ORDER BY key"));
  s.bind(1, space).bind(2, prefix);
  ResetLater reset(s);
  std::vector<KeyValue> out;
  int rc = s.step();
  for (; rc == SQLITE_ROW && s.view(1).starts_with(prefix); rc = s.step()) {
    out.push_back({s.text(0), s.text(1), s.text(2)});
  }
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) return std::unexpected(db.error("reading"));
  return out;
}

Result<std::vector<OutboxRow>> outbox(Db& db, std::size_t limit) {
  Statement& s =
      *TRY(db.cached("SELECT id,sink,bytes,attempts,due FROM outbox ORDER BY due,id LIMIT ?1"));
  s.bind(1, static_cast<std::int64_t>(limit));
  std::vector<OutboxRow> out;
  TRY(each(db, s, [&] {
    out.push_back({s.text(0), s.text(1), s.text(2), static_cast<int>(s.integer(3)), s.integer(4)});
  }));
  return out;
}

namespace {

// Unfolded counts of the same snapshot; the caller holds the transaction.
Result<void> add_deltas(Db& db, CountFold& fold) {
  Statement& s = *TRY(db.cached("SELECT bytes FROM count_delta"));
  Result<void> decoded;
  TRY(each(db, s, [&] {
    if (decoded) decoded = fold.decode(s.view(0));
  }));
  return decoded;
}

class Snapshot {
 public:
  explicit Snapshot(Db& db) : db_(db) {}
  Result<void> begin() { return db_.exec("BEGIN"); }
  ~Snapshot() {
    if (db_.in_transaction()) static_cast<void>(db_.exec("ROLLBACK"));
  }
  Snapshot(const Snapshot&) = delete;

 private:
  Db& db_;
};

}  // namespace

Result<std::vector<CountSum>> counts(Db& db, CountFold fold, std::uint64_t fingerprint, UnixMs from,
                                     UnixMs to) {
  Snapshot snapshot(db);
  TRY(snapshot.begin());
  const UnixMs first = fold.bucket_of(from);
  Statement& s =
      *TRY(db.cached("SELECT bucket,instance,version,n FROM count "
                     "WHERE fingerprint=?1 AND bucket>=?2 AND bucket<?3 ORDER BY bucket"));
  s.bind(1, fingerprint).bind(2, first).bind(3, to);
  std::vector<CountSum> out;
  TRY(each(db, s, [&] {
    merge_into(out, CountKey{fingerprint, s.integer(0), s.text(1), s.text(2)}, s.integer(3));
  }));
  TRY(add_deltas(db, fold));
  for (const auto& [key, n] : fold.sums()) {
    if (key.fingerprint == fingerprint && key.bucket >= first && key.bucket < to) {
      merge_into(out, key, n);
    }
  }
  return out;
}

Result<std::vector<FingerprintSum>> active_fingerprints(Db& db, CountFold fold, UnixMs from,
                                                        UnixMs to) {
  Snapshot snapshot(db);
  TRY(snapshot.begin());
  const UnixMs first = fold.bucket_of(from);
  Statement& s =
      *TRY(db.cached("SELECT fingerprint,bucket,n FROM count WHERE bucket>=?1 AND bucket<?2"));
  s.bind(1, first).bind(2, to);
  std::map<std::uint64_t, FingerprintSum> sums;
  TRY(each(db, s, [&] {
    merge_into(sums, CountKey{s.unsigned_integer(0), s.integer(1), {}, {}}, s.integer(2));
  }));
  TRY(add_deltas(db, fold));
  for (const auto& [key, n] : fold.sums()) {
    if (key.bucket >= first && key.bucket < to) merge_into(sums, key, n);
  }
  std::vector<FingerprintSum> out;
  for (const auto& [fingerprint, sum] : sums) out.push_back(sum);
  return out;
}

Result<std::vector<TemplateRow>> templates(Db& db) {
  Statement& s = *TRY(
      db.cached("SELECT id,fingerprint,alias_of,service,birth_key,text FROM template ORDER BY id"));
  std::vector<TemplateRow> out;
  TRY(each(db, s, [&] {
    out.push_back({s.unsigned_integer(0), s.unsigned_integer(1), s.unsigned_integer(2), s.text(3),
                   s.text(4), s.text(5)});
  }));
  return out;
}

Result<std::vector<CheckpointRow>> checkpoints(Db& db) {
  Statement& s = *TRY(db.cached("SELECT source,bytes FROM checkpoint ORDER BY source"));
  std::vector<CheckpointRow> out;
  TRY(each(db, s, [&] { out.push_back({s.text(0), s.text(1)}); }));
  return out;
}

Result<std::optional<std::string>> blob(Db& db, const char* sql, const std::string& first,
                                        const std::string& second, std::int64_t third) {
  Statement& s = *TRY(db.cached(sql));
  s.bind(1, first).bind(2, second).bind(3, third);
  std::optional<std::string> out;
  TRY(each(db, s, [&] { out = s.text(0); }));
  return out;
}

}  // namespace sqlite_read

}  // namespace healer
