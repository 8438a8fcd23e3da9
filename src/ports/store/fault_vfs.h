#pragma once
#include <sqlite3.h>

#include <atomic>

// For tests: SQLite's own file layer, with writes and syncs that fail on demand. Becomes the
// default of the process when installed.
namespace healer::fault_vfs {

void install();
inline std::atomic<int> write_result = SQLITE_OK;  // anything else: every write answers it
inline std::atomic<int> sync_result = SQLITE_OK;

}  // namespace healer::fault_vfs
