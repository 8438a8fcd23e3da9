#include "ports/store/journal.h"

#include <condition_variable>
#include <mutex>

namespace healer {

Error to_error(const CommitResult& result) {
  switch (result.status) {
    case CommitStatus::ok: break;
    case CommitStatus::conflict: return {Errc::conflict, result.message};
    case CommitStatus::fenced: return {Errc::fenced, result.message};
    case CommitStatus::full: return {Errc::full, result.message};
    case CommitStatus::busy: return {Errc::busy, result.message, 1000};
    case CommitStatus::io: return {Errc::io, result.message};
    case CommitStatus::closed: return {Errc::cancelled, result.message};
  }
  return {Errc::internal, "a commit that worked was taken for an error"};
}

CommitResult commit_and_wait(JournalWriter& writer, WriteBatch batch) {
  struct Waiting {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<CommitResult> result;
  } waiting;
  writer.commit(std::move(batch), [&waiting](const CommitResult& result) {
    std::lock_guard lock(waiting.mutex);
    waiting.result = result;
    waiting.ready.notify_one();
  });
  std::unique_lock lock(waiting.mutex);
  waiting.ready.wait(lock, [&] { return waiting.result.has_value(); });
  return *std::move(waiting.result);
}

}  // namespace healer
