#include "ports/store/sqlite_apply.h"

#include <fmt/core.h>
#include <sqlite3.h>

namespace healer {

namespace {

constexpr const char* kSql[] = {
    "SELECT epoch FROM lease WHERE name=?1",
    "INSERT INTO lease VALUES(?1,?2,?3,?4) ON CONFLICT(name) DO UPDATE SET epoch=excluded.epoch,"
    "owner=excluded.owner,until=excluded.until WHERE excluded.epoch>lease.epoch "
    "OR (excluded.epoch=lease.epoch AND excluded.owner=lease.owner)",
    "INSERT INTO journal VALUES(?1,?2,?3,?4,?5,?6)",
    "INSERT INTO workflow VALUES(?1,?2,1,?3,?4,?5,?6)",
    "UPDATE workflow SET version=version+1,phase=?3,due=?4,updated=?5,state=?6 "
    "WHERE id=?1 AND version=?2",
    // The same for one that stays where it is: no index has to change.
    "UPDATE workflow SET version=version+1,updated=?5,state=?6 "
    "WHERE id=?1 AND version=?2 AND phase=?3 AND due=?4",
    "INSERT INTO incident VALUES(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
    "UPDATE incident SET fingerprint=?2,service=?3,status=?4,severity=?5,category=?6,done=?7,"
    "hidden=CASE WHEN ?13=-1 THEN hidden ELSE ?8 END,created=?9,first_seen=?10,"
    "priority=?11,version=version+1,text=?12 "
    "WHERE id=?1 AND (version=?13 OR ?13=-1)",
    "INSERT INTO incident_body SELECT number,?2 FROM incident WHERE id=?1 "
    "ON CONFLICT(number) DO UPDATE SET body=excluded.body",
    "UPDATE incident SET count=count+?2,last_seen=max(last_seen,?3) WHERE id=?1",
    "INSERT OR REPLACE INTO outbox VALUES(?1,?2,?3,?4,?5)",
    "DELETE FROM outbox WHERE id=?1",
    "DELETE FROM idempotency WHERE route=?1 AND key=?2 AND expires<=?3",
    "INSERT INTO idempotency VALUES(?1,?2,?3,?4)",
    "INSERT OR REPLACE INTO value VALUES(?1,?2,?3)",
    "DELETE FROM value WHERE space=?1 AND key=?2",
    "INSERT OR REPLACE INTO checkpoint VALUES(?1,?2)",
    "DELETE FROM checkpoint WHERE source=?1",
    "INSERT INTO template VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(id) DO UPDATE SET "
    "alias_of=excluded.alias_of,service=excluded.service,birth_key=excluded.birth_key,"
    "text=excluded.text WHERE fingerprint=excluded.fingerprint",
    "INSERT INTO count_delta(bytes) VALUES(?1)",
};

CommitResult conflict(std::string message) { return {CommitStatus::conflict, std::move(message)}; }

}  // namespace

Result<SqliteApply> SqliteApply::prepare(Db& db, const Clock& clock) {
  SqliteApply apply(db, clock);
  static_assert(std::size(kSql) == sql_count);
  for (std::size_t i = 0; i < sql_count; ++i) apply.statements_[i] = TRY(db.prepare(kSql[i]));
  return apply;
}

CommitResult SqliteApply::failure(std::string_view doing) const {
  Error error = db_->error(doing);
  const CommitStatus status = error.code == Errc::full       ? CommitStatus::full
                              : error.code == Errc::conflict ? CommitStatus::conflict
                                                             : CommitStatus::io;
  return {status, std::move(error.message)};
}

CommitResult SqliteApply::run(Statement& statement, std::string_view what) {
  const int rc = statement.step();
  if (rc == SQLITE_DONE || rc == SQLITE_ROW) {
    statement.reset();
    return {};
  }
  CommitResult result = failure(what);
  statement.reset();
  return result;
}

CommitResult SqliteApply::run_one(Statement& statement, std::string_view what) {
  CommitResult result = run(statement, what);
  if (result.ok() && db_->changes() == 0) {
    return conflict(fmt::format("{}: it has another version, or is not there", what));
  }
  return result;
}

CommitResult SqliteApply::apply(const WriteBatch& batch, CountFold& counts) {
  if (batch.fence) {
    if (CommitResult result = check(*batch.fence); !result.ok()) return result;
  }
  for (const WriteOp& op : batch.ops) {
    CommitResult result = std::visit(
        [&](const auto& one) -> CommitResult {
          if constexpr (std::is_same_v<std::decay_t<decltype(one)>, CountDelta>) {
            counts.add(one);
            return {};
          } else {
            return put(one);
          }
        },
        op);
    if (!result.ok()) return result;
  }
  return {};
}

CommitResult SqliteApply::put_deltas(const CountFold& counts) {
  const std::string bytes = counts.encode();
  return run(sql(delta_put).bind_blob(1, bytes), "count deltas");
}

Result<std::int64_t> SqliteApply::lease_epoch(const std::string& name) {
  Statement& get = sql(lease_get);
  ResetLater reset(get);
  const int rc = get.bind(1, name).step();
  if (rc == SQLITE_ROW) return get.integer(0);
  if (rc == SQLITE_DONE) return 0;
  return std::unexpected(db_->error("reading the lease"));
}

CommitResult SqliteApply::check(const Fence& fence) {
  auto epoch = lease_epoch(fence.lease);
  if (!epoch) return failure("reading the lease");
  if (*epoch == static_cast<std::int64_t>(fence.epoch)) return {};
  return {CommitStatus::fenced, fmt::format("lease {} is at epoch {}, the batch came with {}",
                                            fence.lease, *epoch, fence.epoch)};
}

CommitResult SqliteApply::put(const PutLease& op) {
  CommitResult result = run(sql(lease_put)
                                .bind(1, op.row.name)
                                .bind(2, op.row.epoch)
                                .bind(3, op.row.owner)
                                .bind(4, op.row.until),
                            "lease");
  if (result.ok() && db_->changes() == 0) {
    return {CommitStatus::fenced,
            fmt::format("lease {}: another owner or a newer epoch holds it", op.row.name)};
  }
  return result;
}

CommitResult SqliteApply::put(const JournalRow& row) {
  return run(sql(journal_put)
                 .bind(1, row.workflow_id)
                 .bind(2, row.sequence)
                 .bind(3, row.epoch)
                 .bind(4, row.format)
                 .bind(5, row.at)
                 .bind_blob(6, row.bytes),
             "journal row");
}

CommitResult SqliteApply::put(const PutWorkflow& op) {
  const WorkflowRow& row = op.row;
  const int phase = static_cast<int>(row.phase);
  if (op.expected == 0) {
    return run(sql(workflow_insert)
                   .bind(1, row.id)
                   .bind(2, row.kind)
                   .bind(3, phase)
                   .bind(4, row.due)
                   .bind(5, row.updated)
                   .bind_blob(6, row.state),
               "new workflow");
  }
  const auto update = [&](Sql which) {
    return run_one(sql(which)
                       .bind(1, row.id)
                       .bind(2, op.expected)
                       .bind(3, phase)
                       .bind(4, row.due)
                       .bind(5, row.updated)
                       .bind_blob(6, row.state),
                   "workflow");
  };
  if (row.phase == WorkflowPhase::ready) {
    CommitResult result = update(workflow_step);
    if (result.status != CommitStatus::conflict) return result;
  }
  return update(workflow_update);
}

CommitResult SqliteApply::insert_incident(const IncidentRow& row, std::int64_t version) {
  return run(sql(incident_insert)
                 .bind(1, row.id)
                 .bind(2, row.fingerprint)
                 .bind(3, row.service)
                 .bind(4, row.status)
                 .bind(5, row.severity)
                 .bind(6, row.category)
                 .bind(7, int{row.done})
                 .bind(8, int{row.hidden})
                 .bind(9, row.created)
                 .bind(10, row.first_seen)
                 .bind(11, row.last_seen)
                 .bind(12, row.count)
                 .bind(13, row.priority)
                 .bind(14, version)
                 .bind(15, row.text),
             "new incident");
}

CommitResult SqliteApply::put(const PutIncident& op) {
  const IncidentRow& row = op.row;
  CommitResult result;
  if (op.expected == 0) {
    result = insert_incident(row, 1);
  } else {
    result = run_one(sql(incident_update)
                         .bind(1, row.id)
                         .bind(2, row.fingerprint)
                         .bind(3, row.service)
                         .bind(4, row.status)
                         .bind(5, row.severity)
                         .bind(6, row.category)
                         .bind(7, int{row.done})
                         .bind(8, int{row.hidden})
                         .bind(9, row.created)
                         .bind(10, row.first_seen)
                         .bind(11, row.priority)
                         .bind(12, row.text)
                         .bind(13, op.expected),
                     "incident");
    const bool missing = result.status == CommitStatus::conflict && op.expected == kAnyVersion;
    if (missing) result = insert_incident(row, 1);
  }
  if (!result.ok()) return result;
  return run(sql(incident_body).bind(1, row.id).bind(2, row.body_json), "incident body");
}

CommitResult SqliteApply::put(const IncidentSeen& op) {
  return run_one(sql(incident_seen).bind(1, op.id).bind(2, op.n).bind(3, op.last_seen),
                 "records of an incident");
}

CommitResult SqliteApply::put(const PutOutbox& op) {
  return run(sql(outbox_put)
                 .bind(1, op.row.id)
                 .bind(2, op.row.sink)
                 .bind_blob(3, op.row.bytes)
                 .bind(4, op.row.attempts)
                 .bind(5, op.row.due),
             "outbox");
}

CommitResult SqliteApply::put(const AckOutbox& op) {
  return run(sql(outbox_ack).bind(1, op.id), "outbox");
}

CommitResult SqliteApply::put(const PutIdempotency& op) {
  CommitResult result = run(
      sql(idempotency_expire).bind(1, op.row.route).bind(2, op.row.key).bind(3, clock_->wall_ms()),
      "idempotency key");
  if (!result.ok()) return result;
  return run(sql(idempotency_put)
                 .bind(1, op.row.route)
                 .bind(2, op.row.key)
                 .bind_blob(3, op.row.response)
                 .bind(4, op.row.expires),
             "idempotency key");
}

CommitResult SqliteApply::put(const PutValue& op) {
  return run(sql(value_put).bind(1, op.row.space).bind(2, op.row.key).bind_blob(3, op.row.bytes),
             "value");
}

CommitResult SqliteApply::put(const DropValue& op) {
  return run(sql(value_drop).bind(1, op.space).bind(2, op.key), "value");
}

CommitResult SqliteApply::put(const PutCheckpoint& op) {
  return run(sql(checkpoint_put).bind(1, op.row.source).bind_blob(2, op.row.bytes), "checkpoint");
}

CommitResult SqliteApply::put(const DropCheckpoint& op) {
  return run(sql(checkpoint_drop).bind(1, op.source), "checkpoint");
}

CommitResult SqliteApply::put(const PutTemplate& op) {
  const TemplateRow& row = op.row;
  return run_one(sql(template_put)
                     .bind(1, row.id)
                     .bind(2, row.fingerprint)
                     .bind(3, row.alias_of)
                     .bind(4, row.service)
                     .bind(5, row.birth_key)
                     .bind(6, row.text),
                 "template");
}

}  // namespace healer
