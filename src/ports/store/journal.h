#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "ports/store/write_batch.h"

namespace healer {

enum class CommitStatus {
  ok,        // on disk
  conflict,  // an expected version moved, or the row exists
  fenced,    // a newer epoch holds the lease
  full,      // no space; works again once there is some
  busy,      // too many batches wait (limits::kWriteQueueMax): try again
  io,        // the disk or the database refused; `message` says what
  closed
};

// Nothing of the batch is stored unless status is ok.
struct CommitResult {
  CommitStatus status = CommitStatus::ok;
  std::string message;  // for a person; empty when ok
  bool ok() const { return status == CommitStatus::ok; }
};
Error to_error(const CommitResult& result);

// Runs once, on the writer's thread, after the sync (`busy` and `closed`: on the caller's, before
// commit returns). It must be short and may call commit.
using CommitDone = std::move_only_function<void(const CommitResult&)>;

// The same where only success or an error is of interest: a 2xx may be sent now.
using DurableDone = std::move_only_function<void(Result<void>)>;

// The one way to write. Thread-safe; returns at once; batches are applied in the order of arrival.
class JournalWriter {
 public:
  virtual ~JournalWriter() = default;
  virtual void commit(WriteBatch batch, CommitDone done) = 0;
};

// Blocks until the batch is on disk or refused. Never on the writer's thread.
CommitResult commit_and_wait(JournalWriter& writer, WriteBatch batch);

// What a workflow needs to be scheduled, without its state.
struct WorkflowHead {
  std::string id, kind;
  WorkflowPhase phase = WorkflowPhase::ready;
  UnixMs due = 0;
};

// Blocking, thread-safe reads of what is committed.
class JournalReader {
 public:
  virtual ~JournalReader() = default;
  // Not done, by id, after `after`.
  virtual Result<std::vector<WorkflowHead>> unfinished(const std::string& after,
                                                       std::size_t limit) = 0;
  virtual Result<std::optional<WorkflowRow>> workflow(const std::string& id) = 0;
  virtual Result<std::vector<JournalRow>> journal(const std::string& workflow_id) = 0;
  virtual Result<std::optional<LeaseRow>> lease(const std::string& name) = 0;
  // Key-values of a space whose key begins with `prefix`, by key.
  virtual Result<std::vector<KeyValue>> values(const std::string& space,
                                               const std::string& prefix) = 0;
  virtual Result<std::vector<OutboxRow>> outbox(std::size_t limit) = 0;  // by due
};

class Journal : public virtual JournalWriter, public virtual JournalReader {};

}  // namespace healer
