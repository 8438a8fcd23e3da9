#pragma once
#include <string>

#include "base/time.h"
#include "ports/store/sqlite_db.h"

namespace healer {

// Opens `<folder>/healer.db` for the writer: made where there is none, checked where there is one.
// `bucket` is what a new file keeps and comes back as what the file was made with.
Result<Db> open_database(const std::string& folder, long long bytes_max, Millis& bucket);

std::string database_path(const std::string& folder);

// Holds `<folder>/lock` with our pid in it until destroyed. Makes the folder where it is missing.
class FolderLock {
 public:
  static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace healer
