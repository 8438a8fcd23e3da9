#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "ports/store/count_fold.h"
#include "ports/store/sqlite_apply.h"
#include "ports/store/store.h"

namespace healer {

// The one thread that writes and checkpoints. Takes whatever is queued as one group: one
// transaction, one sync.
class SqliteWriter {
 public:
  static Result<std::unique_ptr<SqliteWriter>> start(Db db, const StoreOptions& options,
                                                     const Clock& clock);
  ~SqliteWriter();
  void stop();  // writes what is queued; later commits are `closed`

  void commit(WriteBatch batch, CommitDone done);

 private:
  struct Waiting {
    WriteBatch batch;
    CommitDone done;
    CommitResult result;
  };

  SqliteWriter(Db db, const StoreOptions& options, const Clock& clock)
      : db_(std::move(db)), options_(options), clock_(clock) {}
  void run();
  bool take(std::vector<Waiting>& group);
  void write_group(std::vector<Waiting>& group);
  CommitResult write_all(std::span<Waiting> group);
  CommitResult write_one(Waiting& waiting, CountFold& counts, bool alone);
  CommitResult finish(const CountFold& counts);
  void complain(const CommitResult& result);
  CommitResult exec(Statement& statement, std::string_view doing);
  void housekeeping(bool idle);
  Result<void> fold_counts();
  Result<bool> read_deltas(CountFold& counts, std::int64_t& last_row);
  Result<void> purge();
  void checkpoint();

  Db db_;
  StoreOptions options_;
  const Clock& clock_;
  std::unique_ptr<SqliteApply> apply_;
  Statement begin_, end_, rollback_, savepoint_, release_, rollback_to_;
  bool unfolded_ = true;  // a row of count_delta may be there
  Instant folded_at_{}, purged_at_{}, complained_at_{};
  int wal_pages_ = 0, checkpointed_at_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Waiting> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace healer
