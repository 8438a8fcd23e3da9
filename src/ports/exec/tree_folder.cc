#include "ports/exec/tree_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "ports/exec/exec.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> io_error(const std::string& what) {
  return fail(Errc::io, what + ": " + std::strerror(errno));
}

// Empties a folder that something hostile may have filled: without rights for its owner, or so deep
// that no path reaches its end. What lies deeper than kDepthAtOnce is moved to the top and goes in
// a later round.
class Emptier {
 public:
  explicit Emptier(int top) : top_(top) {}
  bool run() {
    do {
      moved_ = false;
      ok_ = true;
      empty(top_, 0);
    } while (moved_);
    return ok_;
  }

 private:
  static constexpr int kDepthAtOnce = 64;

  void empty(int folder, int depth) {
    DIR* list = fdopendir(dup(folder));
    if (list == nullptr) {
      ok_ = false;
      return;
    }
    rewinddir(list);  // it shares its place with the folder, which is read again in every round
    std::vector<std::string> names;  // first, so that removing does not disturb the listing
    for (const dirent* entry = readdir(list); entry != nullptr; entry = readdir(list))
      if (const std::string_view name = entry->d_name; name != "." && name != "..")
        names.emplace_back(name);
    closedir(list);
    for (const auto& name : names) remove(folder, name.c_str(), depth);
  }

  void remove(int folder, const char* name, int depth) {
    if (unlinkat(folder, name, 0) == 0) return;
    fchmodat(folder, name, 0700, 0);  // a folder: anything else would be gone
    const int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below < 0) {
      ok_ = false;
      return;
    }
    if (depth < kDepthAtOnce)
      empty(below, depth + 1);
    else
      move_up(below);
    close(below);
    ok_ = (unlinkat(folder, name, AT_REMOVEDIR) == 0 || moved_) && ok_;
  }

  void move_up(int folder) {
    DIR* list = fdopendir(dup(folder));
    if (list == nullptr) return;
    for (const dirent* entry = readdir(list); entry != nullptr; entry = readdir(list)) {
      if (const std::string_view name = entry->d_name; name == "." || name == "..") continue;
      const std::string up = ".up" + std::to_string(++count_);
      if (renameat(folder, entry->d_name, top_, up.c_str()) == 0) moved_ = true;
    }
    closedir(list);
  }

  const int top_;
  bool moved_ = false, ok_ = true;
  std::size_t count_ = 0;
};

}  // namespace

Result<TreeFolder> TreeFolder::make() {
  char name[] = "/tmp/healer-tree-XXXXXX";
  if (mkdtemp(name) == nullptr) return io_error("cannot make a folder in /tmp");
  return TreeFolder(name);
}

TreeFolder::TreeFolder(TreeFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TreeFolder::~TreeFolder() {
  if (path_.empty()) return;
  chmod(path_.c_str(), 0700);
  const int top = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const bool empty = top >= 0 && Emptier(top).run();
  if (top >= 0) close(top);
  if (rmdir(path_.c_str()) != 0 || !empty) ++Metrics::counter("tree_folders_left");
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
