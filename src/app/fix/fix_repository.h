#pragma once
#include <optional>
#include <string>
#include <vector>

#include "incident/workbench.h"
#include "ports/exec/tree_folder.h"
#include "repo/repo_model.h"
#include "stages/fix/history.h"
#include "types/policy.h"

namespace healer {

// What a fix is made on: the files as they lie there, or those of the commit that is checked out.
enum class FixBase { files, commit };

// A folder that `healer fix` may change: a working copy, a plain folder, or a bare repository.
struct FixRepository {
  std::string folder;                     // as named
  std::string tree;                       // where its files are read
  std::optional<TreeFolder> checked_out;  // holds `tree` where that is a commit's
  std::string url;                        // where a pull request goes; empty: no git repository
  std::string branch, sha;
  RepositoryRules rules;
  RepoModel model;
  std::vector<SettingChange> history;

  std::string service_path(const std::string& service) const;
};

// not_found: no such folder, or no commit where one is needed; invalid_input: its `.healer.yml` is
// wrong. A bare repository's base is always its commit.
Result<FixRepository> open_fix_repository(const std::string& folder, FixBase base,
                                          GitMirrors& mirrors);

// The files below `from` but .git; links only where they stay inside.
Result<void> copy_files(const std::string& from, const std::string& to);

// nullopt: not a regular file below the folder.
std::optional<std::string> read_below(const std::string& folder, const std::string& path);

// Each file is replaced as a whole and keeps its mode; nothing is written where one has changed
// meanwhile (conflict).
Result<void> write_below(const std::string& folder, const std::vector<FileChange>& changes);

}  // namespace healer
