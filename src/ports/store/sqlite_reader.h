#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "ports/store/count_fold.h"
#include "ports/store/sqlite_db.h"
#include "ports/store/store.h"

namespace healer {

// A few query_only connections; a reader waits where all are taken.
class ReaderPool {
 public:
  static Result<std::unique_ptr<ReaderPool>> open(const std::string& path, int connections);

  class Lease {
   public:
    Lease(ReaderPool& pool, Db* db) : pool_(pool), db_(db) {}
    ~Lease() { pool_.give_back(db_); }
    Lease(const Lease&) = delete;
    Db* operator->() { return db_; }
    Db& operator*() { return *db_; }

   private:
    ReaderPool& pool_;
    Db* db_;
  };
  Lease take();

 private:
  void give_back(Db* db);
  std::vector<std::unique_ptr<Db>> all_;
  std::mutex mutex_;
  std::condition_variable free_ready_;
  std::vector<Db*> free_;
};

// The queries, each over one connection. Free functions: nothing is kept between them.
namespace sqlite_read {
Result<std::vector<WorkflowHead>> unfinished(Db& db, const std::string& after, std::size_t limit);
Result<std::optional<WorkflowRow>> workflow(Db& db, const std::string& id);
Result<std::vector<JournalRow>> journal(Db& db, const std::string& workflow_id);
Result<std::optional<LeaseRow>> lease(Db& db, const std::string& name);
Result<std::vector<KeyValue>> values(Db& db, const std::string& space, const std::string& prefix);
Result<std::vector<OutboxRow>> outbox(Db& db, std::size_t limit);

Result<std::optional<IncidentRow>> incident(Db& db, const std::string& id);
Result<std::optional<IncidentRow>> incident_of(Db& db, std::uint64_t fingerprint, bool open_only);
Result<IncidentPage> incidents(Db& db, const IncidentQuery& query);
Result<std::vector<IncidentRow>> open_incidents(Db& db);
Result<IncidentStats> incident_stats(Db& db);

// `fold` knows the length of a bucket and is used as scratch space.
Result<std::vector<CountSum>> counts(Db& db, CountFold fold, std::uint64_t fingerprint, UnixMs from,
                                     UnixMs to);
Result<std::vector<FingerprintSum>> active_fingerprints(Db& db, CountFold fold, UnixMs from,
                                                        UnixMs to);
Result<std::vector<TemplateRow>> templates(Db& db);
Result<std::vector<CheckpointRow>> checkpoints(Db& db);
// One blob by two text keys; nullopt where there is none. `sql` selects it by ?1 and ?2.
Result<std::optional<std::string>> blob(Db& db, const char* sql, const std::string& first,
                                        const std::string& second, std::int64_t third = 0);
}  // namespace sqlite_read

}  // namespace healer
