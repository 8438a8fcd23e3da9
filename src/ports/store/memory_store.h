#pragma once
#include <memory>

#include "ports/store/store.h"

namespace healer {

// The fake. commit() applies at once and calls `done` on the caller's thread, or, with a writer
// thread, as SQLite does.
enum class MemoryWriter { on_caller, own_thread };

// A kill -9 as the caller sees it: right before the sync (the batch is lost) or right after it (the
// batch is on disk, nobody was told).
enum class CrashPoint { before_sync, after_sync };

class MemoryStore : public Store {
 public:
  // The n-th commit from now (1: the next one) is refused with `status`, once.
  virtual void fail_commit(int n, CommitStatus status) = 0;
  // Crashes at the n-th commit from now that holds a journal row: its `done` and that of every
  // later one get `closed`; nothing more is stored.
  virtual void crash_at_journal_write(int n, CrashPoint point) = 0;
  virtual bool crashed() const = 0;
  virtual int journal_writes() const = 0;  // commits with a journal row so far
  // What a restart finds: a new store with the same rows.
  virtual std::unique_ptr<MemoryStore> reopen() const = 0;
};

std::unique_ptr<MemoryStore> make_memory_store(const Clock& clock,
                                               MemoryWriter writer = MemoryWriter::on_caller,
                                               Millis count_bucket = Millis(10'000));

}  // namespace healer
