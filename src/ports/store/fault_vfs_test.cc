#include <map>
#include <mutex>

#include "ports/store/fault_vfs.h"

namespace healer::fault_vfs {
namespace {

// SQLite's files carry a table of functions; ours is a copy with two of them changed.
struct Table {
  sqlite3_io_methods methods;  // first: a file points here
  const sqlite3_io_methods* original;
};

const sqlite3_io_methods& original(sqlite3_file* file) {
  return *reinterpret_cast<const Table*>(file->pMethods)->original;
}

int failing_write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  if (const int result = write_result; result != SQLITE_OK) return result;
  return original(file).xWrite(file, bytes, size, at);
}

int failing_sync(sqlite3_file* file, int flags) {
  if (const int result = sync_result; result != SQLITE_OK) return result;
  return original(file).xSync(file, flags);
}

const sqlite3_io_methods* table_for(const sqlite3_io_methods* methods) {
  static std::mutex mutex;
  static std::map<const sqlite3_io_methods*, Table> tables;
  std::lock_guard lock(mutex);
  auto [it, fresh] = tables.try_emplace(methods, Table{*methods, methods});
  if (fresh) {
    it->second.methods.xWrite = failing_write;
    it->second.methods.xSync = failing_sync;
  }
  return &it->second.methods;
}

sqlite3_vfs* real = nullptr;

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int rc = real->xOpen(real, name, file, flags, out_flags);
  if (rc == SQLITE_OK) file->pMethods = table_for(file->pMethods);
  return rc;
}

}  // namespace

void install() {
  static sqlite3_vfs shim;
  if (real) return;
  real = sqlite3_vfs_find(nullptr);
  shim = *real;
  shim.zName = "healer_faults";
  shim.xOpen = open;
  sqlite3_vfs_register(&shim, 1);
}

}  // namespace healer::fault_vfs
