#pragma once
#include <string>
#include <vector>

#include "types/patch.h"

namespace healer {

// The unified diff of all files as `git diff` prints it, three lines of context, without index
// lines. Binary files and files over limits::kRepoFileBytesMax get git's "Binary files differ".
std::string unified_diff(const std::vector<FileChange>& files);

}  // namespace healer
