#pragma once
#include <memory>
#include <string>

#include "base/clock.h"
#include "ports/store/incidents.h"
#include "ports/store/journal.h"
#include "ports/store/signals.h"

namespace healer {

// Everything; whoever needs one part takes a reference to that part. Destroying it finishes what is
// queued.
class Store : public Journal, public IncidentReader, public CountReader, public LookupReader {};

struct StoreOptions {
  std::string folder;           // data folder, made if missing
  Millis count_bucket{10'000};  // a store keeps the one it was made with
  Millis counts_kept{86'400'000};
  Millis done_kept{7 * 86'400'000LL};         // journal and state of workflows that are done
  Millis incidents_kept{365 * 86'400'000LL};  // that are done
  int readers = 3;                            // connections; more readers wait
  long long bytes_max = 0;  // of the database file; 0: as long as the disk has room
};

// `<folder>/healer.db`; `<folder>/lock` is held until it is destroyed. busy: the lock is held, the
// message names the owner's pid. denied: the folder cannot be written. corrupt: the file is damaged
// (never replaced: the message says what to do). unsupported: a newer release wrote it.
Result<std::unique_ptr<Store>> open_sqlite_store(const StoreOptions& options, const Clock& clock);

}  // namespace healer
