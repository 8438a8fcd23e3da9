#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "stages/fix/fix.h"
#include "types/patch.h"

namespace healer {

// What is in a folder that something else could write, as healer reads it itself: no git runs
// there, no link is followed, and only regular files are opened.
struct WorktreeEntry {
  enum class Kind { file, folder, link, other };
  Kind kind = Kind::file;
  bool executable = false;
  std::uint64_t hash = 0;  // of a file's bytes or a link's target
  bool operator==(const WorktreeEntry&) const = default;
};
using Worktree = std::map<std::string, WorktreeEntry>;  // by path in the folder

// A `.git` at its top is left out: nothing of it is ever taken. denied: something cannot be read;
// full: more than limits::kRepoFilesMax entries or kAgentFolderDepthMax folders deep.
Result<Worktree> read_worktree(const std::string& folder);

// The edits that make the tree in `folder`, now `after`, of the one it was; `base` reads the files
// as they were. Refusal: links, special files, changed kinds, binary files, secrets or too much; it
// says what. Modes of files that were there do not count.
std::variant<std::vector<SettingEdit>, Refusal> edits_of(const std::string& folder,
                                                         const Worktree& before,
                                                         const Worktree& after,
                                                         const ReadFile& base);

}  // namespace healer
