#pragma once
#include <string>

#include "repo/repo_model.h"

namespace healer {

// The files below `root` on disk, in path order. Never follows a symbolic link; skips .git,
// folders and files that worth_reading() refuses, and files over limits::kRepoFileBytesMax; stops
// at limits::kRepoFilesMax (counter repo_files_limit_hits). A file that vanishes meanwhile is left
// out; an unreadable root is an io error.
FileSource read_directory_tree(std::string root);

// False for vendored, generated and lock files and binary formats, by path alone.
bool worth_reading(std::string_view path);

}  // namespace healer
