#include "incident/tree_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "ports/exec/exec.h"

namespace healer {

namespace fs = std::filesystem;

Result<TreeFolder> TreeFolder::make() {
  char name[] = "/tmp/healer-tree-XXXXXX";
  if (mkdtemp(name) == nullptr)
    return fail(Errc::io, std::string("cannot make a folder in /tmp: ") + std::strerror(errno));
  return TreeFolder(name);
}

TreeFolder::~TreeFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

void TreeFolder::hand_over() const {
  if (geteuid() != 0) return;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(path_, error))
    if (lchown(entry.path().c_str(), kSandboxUid, kSandboxUid) != 0) return;
  if (chown(path_.c_str(), kSandboxUid, kSandboxUid) != 0) return;
}

}  // namespace healer
