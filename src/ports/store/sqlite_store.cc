#include "ports/store/sqlite_reader.h"
#include "ports/store/sqlite_schema.h"
#include "ports/store/sqlite_writer.h"
#include "ports/store/store.h"

namespace healer {

namespace {

class SqliteStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const StoreOptions& asked, const Clock& clock) {
    StoreOptions options = asked;
    FolderLock lock = TRY(FolderLock::take(options.folder));
    Db db = TRY(open_database(options.folder, options.bytes_max, options.count_bucket));
    auto writer = TRY(SqliteWriter::start(std::move(db), options, clock));
    auto readers = TRY(ReaderPool::open(database_path(options.folder), options.readers));
    return std::unique_ptr<Store>(new SqliteStore(std::move(lock), std::move(writer),
                                                  std::move(readers), options.count_bucket, clock));
  }

  ~SqliteStore() override {
    writer_->stop();
    readers_.reset();  // the last connection to close checkpoints: it must be the writer's
  }

  void commit(WriteBatch batch, CommitDone done) override {
    writer_->commit(std::move(batch), std::move(done));
  }

  Result<std::vector<WorkflowHead>> unfinished(const std::string& after,
                                               std::size_t limit) override {
    return sqlite_read::unfinished(*readers_->take(), after, limit);
  }
  Result<std::optional<WorkflowRow>> workflow(const std::string& id) override {
    return sqlite_read::workflow(*readers_->take(), id);
  }
  Result<std::vector<JournalRow>> journal(const std::string& workflow_id) override {
    return sqlite_read::journal(*readers_->take(), workflow_id);
  }
  Result<std::optional<LeaseRow>> lease(const std::string& name) override {
    return sqlite_read::lease(*readers_->take(), name);
  }
  Result<std::vector<KeyValue>> values(const std::string& space,
                                       const std::string& prefix) override {
    return sqlite_read::values(*readers_->take(), space, prefix);
  }
  Result<std::vector<OutboxRow>> outbox(std::size_t limit) override {
    return sqlite_read::outbox(*readers_->take(), limit);
  }

  Result<std::optional<IncidentRow>> incident(const std::string& id) override {
    return sqlite_read::incident(*readers_->take(), id);
  }
  Result<std::optional<IncidentRow>> open_incident(std::uint64_t fingerprint) override {
    return sqlite_read::incident_of(*readers_->take(), fingerprint, true);
  }
  Result<std::optional<IncidentRow>> latest_incident(std::uint64_t fingerprint) override {
    return sqlite_read::incident_of(*readers_->take(), fingerprint, false);
  }
  Result<IncidentPage> incidents(const IncidentQuery& query) override {
    return sqlite_read::incidents(*readers_->take(), query);
  }
  Result<std::vector<IncidentRow>> open_incidents() override {
    return sqlite_read::open_incidents(*readers_->take());
  }
  Result<IncidentStats> incident_stats() override {
    return sqlite_read::incident_stats(*readers_->take());
  }

  Result<std::vector<CountSum>> counts(std::uint64_t fingerprint, UnixMs from, UnixMs to) override {
    return sqlite_read::counts(*readers_->take(), CountFold(bucket_), fingerprint, from, to);
  }
  Result<std::vector<FingerprintSum>> active_fingerprints(UnixMs from, UnixMs to) override {
    return sqlite_read::active_fingerprints(*readers_->take(), CountFold(bucket_), from, to);
  }
  Millis bucket_length() const override { return bucket_; }

  Result<std::vector<TemplateRow>> templates() override {
    return sqlite_read::templates(*readers_->take());
  }
  Result<std::vector<CheckpointRow>> checkpoints() override {
    return sqlite_read::checkpoints(*readers_->take());
  }
  Result<std::optional<std::string>> checkpoint(const std::string& source) override {
    return sqlite_read::blob(*readers_->take(), "SELECT bytes FROM checkpoint WHERE source=?1",
                             source, {});
  }
  Result<std::optional<std::string>> idempotent(const std::string& route,
                                                const std::string& key) override {
    return sqlite_read::blob(
        *readers_->take(),
        "SELECT response FROM idempotency WHERE route=?1 AND key=?2 AND expires>?3", route, key,
        clock_.wall_ms());
  }
  Result<std::optional<std::string>> value(const std::string& space,
                                           const std::string& key) override {
    return sqlite_read::blob(*readers_->take(), "SELECT bytes FROM value WHERE space=?1 AND key=?2",
                             space, key);
  }

 private:
  SqliteStore(FolderLock lock, std::unique_ptr<SqliteWriter> writer,
              std::unique_ptr<ReaderPool> readers, Millis bucket, const Clock& clock)
      : lock_(std::move(lock)),
        writer_(std::move(writer)),
        readers_(std::move(readers)),
        bucket_(bucket),
        clock_(clock) {}

  FolderLock lock_;
  std::unique_ptr<SqliteWriter> writer_;
  std::unique_ptr<ReaderPool> readers_;
  Millis bucket_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const StoreOptions& options, const Clock& clock) {
  return SqliteStore::open(options, clock);
}

}  // namespace healer
