#pragma once
#include <array>
#include <string>

#include "base/clock.h"
#include "ports/store/count_fold.h"
#include "ports/store/journal.h"
#include "ports/store/sqlite_db.h"

namespace healer {

// Turns operations into statements, inside a transaction that the caller holds. Writer's thread
// only.
class SqliteApply {
 public:
  static Result<SqliteApply> prepare(Db& db, const Clock& clock);

  // Not ok: some operations of the batch may have been applied, the caller rolls back. Counts are
  // gathered in `counts`.
  CommitResult apply(const WriteBatch& batch, CountFold& counts);

  CommitResult put_deltas(const CountFold& counts);
  CommitResult failure(std::string_view doing) const;  // the database's last error

 private:
  enum Sql {
    lease_get,
    lease_put,
    journal_put,
    workflow_insert,
    workflow_update,
    workflow_step,
    incident_insert,
    incident_update,
    incident_body,
    incident_seen,
    outbox_put,
    outbox_ack,
    idempotency_expire,
    idempotency_put,
    value_put,
    value_drop,
    checkpoint_put,
    checkpoint_drop,
    template_put,
    delta_put,
    sql_count
  };
  SqliteApply(Db& db, const Clock& clock) : db_(&db), clock_(&clock) {}
  Statement& sql(Sql which) { return statements_[which]; }
  CommitResult run(Statement& statement, std::string_view what);      // any number of rows
  CommitResult run_one(Statement& statement, std::string_view what);  // no row: conflict

  CommitResult check(const Fence& fence);
  CommitResult put(const JournalRow& row);
  CommitResult put(const PutWorkflow& op);
  CommitResult put(const PutIncident& op);
  CommitResult put(const IncidentSeen& op);
  CommitResult put(const PutLease& op);
  CommitResult put(const PutOutbox& op);
  CommitResult put(const AckOutbox& op);
  CommitResult put(const PutIdempotency& op);
  CommitResult put(const PutValue& op);
  CommitResult put(const DropValue& op);
  CommitResult put(const PutCheckpoint& op);
  CommitResult put(const DropCheckpoint& op);
  CommitResult put(const PutTemplate& op);
  CommitResult insert_incident(const IncidentRow& row, std::int64_t version);
  Result<std::int64_t> lease_epoch(const std::string& name);

  Db* db_;
  const Clock* clock_;
  std::array<Statement, sql_count> statements_;
};

}  // namespace healer
