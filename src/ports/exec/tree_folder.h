#pragma once
#include <string>

#include "base/error.h"

namespace healer {

// A folder that only the sandbox's user may enter; gone with this object, whatever was left in it.
// Under /tmp because that user cannot enter a root's home, where the data folder may be.
class TreeFolder {
 public:
  static Result<TreeFolder> make();
  ~TreeFolder();
  TreeFolder(TreeFolder&& other) noexcept;
  TreeFolder& operator=(TreeFolder&&) = delete;
  const std::string& path() const { return path_; }

  // Where healer is root, what is in it must belong to the user that the sandbox runs as. io.
  Result<void> hand_over() const;

 private:
  explicit TreeFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace healer
