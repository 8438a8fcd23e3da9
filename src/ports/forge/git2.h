#pragma once
// libgit2 handles that free themselves. Included only by this folder's .cc files.
#include <git2.h>

#include <memory>
#include <string>

#include "base/error.h"

namespace healer::git2 {

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* handle) const { Free(handle); }
};
using Repository = std::unique_ptr<git_repository, Deleter<git_repository, git_repository_free>>;
using Commit = std::unique_ptr<git_commit, Deleter<git_commit, git_commit_free>>;
using Tree = std::unique_ptr<git_tree, Deleter<git_tree, git_tree_free>>;
using Blob = std::unique_ptr<git_blob, Deleter<git_blob, git_blob_free>>;
using Signature = std::unique_ptr<git_signature, Deleter<git_signature, git_signature_free>>;
using Diff = std::unique_ptr<git_diff, Deleter<git_diff, git_diff_free>>;
using Revwalk = std::unique_ptr<git_revwalk, Deleter<git_revwalk, git_revwalk_free>>;
using Index = std::unique_ptr<git_index, Deleter<git_index, git_index_free>>;
using Remote = std::unique_ptr<git_remote, Deleter<git_remote, git_remote_free>>;
using Reference = std::unique_ptr<git_reference, Deleter<git_reference, git_reference_free>>;
using TreeEntry = std::unique_ptr<git_tree_entry, Deleter<git_tree_entry, git_tree_entry_free>>;

// What libgit2 said last, as our error. `what` says what was tried.
std::unexpected<Error> failure(int code, const std::string& what);

enum class Kind { bare, worked_in };
Result<Repository> open(const std::string& path, Kind kind = Kind::bare);
Result<void> init_bare(const std::string& path);  // with the folders above it; no hooks
Result<git_oid> parse_oid(const std::string& sha);
std::string print_oid(const git_oid& oid);
Result<Commit> find_commit(git_repository* repository, const std::string& sha);
// invalid_input: not the first digits of a commit id; not_found: none has them, or several have.
Result<Commit> find_abbreviated(git_repository* repository, const std::string& digits);
Result<Tree> tree_of(git_commit* commit);
Result<Signature> signature(std::int64_t at_ms);  // healer's own
bool is_ours(const git_commit* commit);           // by that signature

}  // namespace healer::git2
