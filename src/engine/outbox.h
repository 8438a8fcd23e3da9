#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "base/retry.h"
#include "ports/store/journal.h"

namespace healer {

// Delivers one row; may block, with a deadline of its own. invalid_input, denied, unsupported and
// not_found are final: the row is dropped with a log line. Any other error is tried again.
using Sink = std::function<Result<void>(const OutboxRow&)>;

struct OutboxOptions {
  RetryPolicy retry{.attempts_max = 12, .first = Millis(1000), .longest = Millis(600'000)};
};

// Delivers what batches put into the outbox, each row at least once and, but for a crash between
// delivery and acknowledgement, only once. One thread; a row's id must not be used again while it
// is queued.
class Outbox {
 public:
  Outbox(Journal& journal, const Clock& clock, Ids& ids, OutboxOptions options = {});
  ~Outbox();  // waits for a delivery that runs

  // Before start(). Takes rows whose sink is `name` or begins with `name` and a colon.
  void add_sink(const std::string& name, Sink sink);
  void start();  // begins with what is left of earlier runs

  void wake();                   // rows were committed; thread-safe, returns at once
  bool quiesce(Millis longest);  // until nothing is due and nothing runs; false if it took longer

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace healer
