#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "ports/exec/exec.h"
#include "types/patch.h"

namespace healer {

struct CommitSummary {
  std::string sha, subject, author;
  UnixMs time = 0;    // of the author
  bool ours = false;  // healer made it, or it merges what healer made
};

// One file that a commit changed, with both contents; an empty side: not there.
struct FileHistory {
  CommitSummary commit;
  std::string path, before, after;
};

// A repository on this machine that somebody works in. Read only; nothing of it is run.
struct WorkFolder {
  std::string branch, sha;  // what is checked out; both empty before the first commit
  std::string origin;       // address of the remote of that name; empty: none
};
// not_found where `folder` is not the top of a repository.
Result<WorkFolder> read_work_folder(const std::string& folder);
// As GitMirrors::history, of what is checked out.
Result<std::vector<FileHistory>> work_folder_history(const std::string& folder,
                                                     std::size_t commits);

struct CommitDraft {
  std::string base;  // parent
  std::vector<FileChange> changes;
  std::string message;
  UnixMs at = 0;  // author and committer date: the same draft always has the same hash
};

// healer's own bare mirrors of other people's repositories, one folder a URL. Trees, blobs, commits
// and refs by libgit2; only fetch and push run git, with every outside configuration, hook and
// helper off. There is no working copy and no index. Blocking; thread-safe.
class GitMirrors {
 public:
  GitMirrors(std::string folder, Executor& executor);
  ~GitMirrors();

  // Brings the mirror up to date; returns the head of `branch` (empty: the remote's default
  // branch).
  struct Head {
    std::string branch, sha;
  };
  Result<Head> fetch(const std::string& url, const std::string& branch);
  // The commit of a branch as of the last fetch; not_found if there is none.
  Result<std::string> branch_head(const std::string& url, const std::string& branch);
  // Pushes `sha` as `branch`. conflict unless the remote branch is at `expected` (empty: absent) or
  // there already.
  Result<void> push(const std::string& url, const std::string& branch, const std::string& sha,
                    const std::string& expected);

  // Whether the mirror has the commit already.
  Result<bool> has(const std::string& url, const std::string& commit);
  Result<std::string> read_file(const std::string& url, const std::string& commit,
                                const std::string& path);
  // Calls `take` for each regular file of the commit's tree until it returns false.
  using Take = std::function<bool(const std::string& path, std::string_view text)>;
  Result<bool> each_file(const std::string& url, const std::string& commit, const Take& take);
  // Text files that the newest `commits` commits of the first-parent line changed, newest first.
  Result<std::vector<FileHistory>> history(const std::string& url, const std::string& head,
                                           std::size_t commits);
  // `commit` may be abbreviated; not_found where the mirror does not have it.
  Result<bool> contains(const std::string& url, const std::string& commit,
                        const std::string& ancestor);
  Result<std::string> commit(const std::string& url, const CommitDraft& draft);
  // Writes the tree into an empty folder; no .git; links only where they stay inside.
  Result<void> materialise(const std::string& url, const std::string& commit,
                           const std::string& folder);
  std::string path_of(const std::string& url) const;

 private:
  Result<void> ensure(const std::string& url);
  Result<ProcessResult> git(const std::string& folder, std::vector<std::string> words);

  const std::string folder_;
  Executor& executor_;
  std::mutex mutex_;  // one fetch or push at a time: git's own locks would only make them fail
};

}  // namespace healer
