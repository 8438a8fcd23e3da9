#pragma once
#include <string>
#include <utility>

#include "base/error.h"

namespace healer {

// A folder for one tree of files that only the sandbox's user may enter; gone with this object.
// Under /tmp because that user cannot enter a root's home, where the data folder may be.
class TreeFolder {
 public:
  static Result<TreeFolder> make();
  ~TreeFolder();
  TreeFolder(TreeFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TreeFolder& operator=(TreeFolder&&) = delete;
  const std::string& path() const { return path_; }

  // Where healer is root, the tree must belong to the user that the check runs as.
  void hand_over() const;

 private:
  explicit TreeFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace healer
