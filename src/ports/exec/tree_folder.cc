#include "ports/exec/tree_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/metrics.h"
#include "ports/exec/exec.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> io_error(const std::string& what) {
  return fail(Errc::io, what + ": " + std::strerror(errno));
}

// A folder without rights for its owner cannot be emptied by them.
void make_removable(const std::string& path) {
  std::error_code error;
  chmod(path.c_str(), 0700);
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    if (at->is_directory(error) && !at->is_symlink(error)) make_removable(at->path());
}

}  // namespace

Result<TreeFolder> TreeFolder::make() {
  char name[] = "/tmp/healer-tree-XXXXXX";
  if (mkdtemp(name) == nullptr) return io_error("cannot make a folder in /tmp");
  return TreeFolder(name);
}

TreeFolder::TreeFolder(TreeFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TreeFolder::~TreeFolder() {
  if (path_.empty()) return;
  std::error_code error;
  fs::remove_all(path_, error);
  if (!error) return;
  make_removable(path_);
  fs::remove_all(path_, error);
  if (error) ++Metrics::counter("tree_folders_left");
}

Result<void> TreeFolder::hand_over() const {
  if (geteuid() != 0) return {};
  std::error_code error;
  for (fs::recursive_directory_iterator at(path_, error), end; !error && at != end;
       at.increment(error))
    if (lchown(at->path().c_str(), kSandboxUid, kSandboxUid) != 0)
      return io_error("cannot give " + at->path().string() + " to the sandbox's user");
  if (error) return fail(Errc::io, "cannot read " + path_ + ": " + error.message());
  if (lchown(path_.c_str(), kSandboxUid, kSandboxUid) != 0)
    return io_error("cannot give " + path_ + " to the sandbox's user");
  return {};
}

}  // namespace healer
