#include "ports/forge/local_forge.h"

#include <algorithm>

#include "ports/forge/git2.h"
#include "ports/forge/pulls_file.h"

namespace healer {
namespace {

Result<std::string> head_of(git_repository* repository, const std::string& branch) {
  git_oid oid;
  const std::string ref = "refs/heads/" + branch;
  if (const int code = git_reference_name_to_id(&oid, repository, ref.c_str()); code != 0)
    return git2::failure(code, "no branch " + branch);
  return git2::print_oid(oid);
}

Result<git2::Repository> open_bare(const std::string& repository) {
  return git2::open(TRY(local_path(repository)));
}

// The head of an open pull request is its branch, whoever pushed last.
void refresh(git_repository* repository, PullRequest& pull) {
  if (pull.state != PullRequestState::open) return;
  if (const auto head = head_of(repository, pull.head_branch)) pull.head_sha = *head;
}

Result<git_oid> merged_tree(git_repository* repository, git_commit* ours, git_commit* theirs) {
  git_index* made = nullptr;
  if (const int code = git_merge_commits(&made, repository, ours, theirs, nullptr); code != 0)
    return git2::failure(code, "cannot merge");
  const git2::Index index(made);
  if (git_index_has_conflicts(index.get()) != 0)
    return fail(Errc::conflict, "the branch does not merge cleanly");
  git_oid out;
  if (const int code = git_index_write_tree_to(&out, index.get(), repository); code != 0)
    return git2::failure(code, "cannot merge");
  return out;
}

struct NewCommit {
  git_oid tree;
  std::vector<const git_commit*> parents;
  std::string message;
  UnixMs at;
};

Result<std::string> write_commit(git_repository* repository, const NewCommit& commit) {
  git_tree* made = nullptr;
  if (const int code = git_tree_lookup(&made, repository, &commit.tree); code != 0)
    return git2::failure(code, "cannot read a tree");
  const git2::Tree tree(made);
  const auto who = TRY(git2::signature(commit.at));
  auto parents = commit.parents;
  git_oid out;
  if (const int code =
          git_commit_create(&out, repository, nullptr, who.get(), who.get(), nullptr,
                            commit.message.c_str(), tree.get(), parents.size(), parents.data());
      code != 0)
    return git2::failure(code, "cannot commit");
  return git2::print_oid(out);
}

// Moves a branch from `from` to `to`; conflict if somebody was faster. Empty `from`: the branch is
// new.
Result<void> move_branch(git_repository* repository, const std::string& branch,
                         const std::string& from, const std::string& to) {
  const git_oid target = TRY(git2::parse_oid(to));
  const std::string ref = "refs/heads/" + branch;
  git_reference* made = nullptr;
  int code = 0;
  if (from.empty()) {
    code = git_reference_create(&made, repository, ref.c_str(), &target, 0, "healer");
    if (code == GIT_EEXISTS) return fail(Errc::conflict, "branch " + branch + " is there already");
  } else {
    const git_oid old = TRY(git2::parse_oid(from));
    code =
        git_reference_create_matching(&made, repository, ref.c_str(), &target, 1, &old, "healer");
    if (code == GIT_EMODIFIED) return fail(Errc::conflict, "branch " + branch + " moved");
  }
  const git2::Reference owned(made);
  if (code != 0) return git2::failure(code, "cannot move " + branch);
  return {};
}

StoredPull* find_open(PullsFile& file, const std::string& head_branch) {
  const auto it = std::ranges::find_if(file.pulls, [&](const StoredPull& stored) {
    return stored.pull.head_branch == head_branch && stored.pull.state == PullRequestState::open;
  });
  return it == file.pulls.end() ? nullptr : &*it;
}

// A merge that happened before a crash could write it down: the base branch's first-parent line has
// a merge whose second parent is that head.
Result<std::string> find_merge(git_repository* repository, const std::string& base_head,
                               const std::string& head) {
  const git_oid wanted = TRY(git2::parse_oid(head));
  git2::Commit at = TRY(git2::find_commit(repository, base_head));
  for (int depth = 0; depth < 1000 && at; ++depth) {
    if (git_commit_parentcount(at.get()) == 2 &&
        git_oid_equal(git_commit_parent_id(at.get(), 1), &wanted) != 0)
      return git2::print_oid(*git_commit_id(at.get()));
    git_commit* parent = nullptr;
    if (git_commit_parent(&parent, at.get(), 0) != 0) break;
    at.reset(parent);
  }
  return std::string();
}

}  // namespace

Result<PullRequest> LocalForge::open_pull(const std::string& repository, const PullDraft& draft) {
  std::lock_guard lock(mutex_);
  const auto git = TRY(open_bare(repository));
  auto pulls = TRY(LockedPulls::open(repository));
  StoredPull* stored = find_open(pulls.file, draft.head_branch);
  if (stored == nullptr) {
    StoredPull fresh;
    fresh.pull.number = static_cast<std::int64_t>(pulls.file.pulls.size()) + 1;
    fresh.pull.url =
        pulls_path(TRY(local_path(repository))) + "#" + std::to_string(fresh.pull.number);
    fresh.pull.author = "healer";
    pulls.file.pulls.push_back(std::move(fresh));
    stored = &pulls.file.pulls.back();
  }
  PullRequest& pull = stored->pull;
  pull.head_branch = draft.head_branch;
  pull.head_sha = TRY(head_of(git.get(), draft.head_branch));
  pull.base_branch = draft.base_branch;
  pull.base_sha = TRY(head_of(git.get(), draft.base_branch));
  pull.title = draft.title;
  pull.body = draft.body;
  pull.labels = draft.labels;
  pull.draft = draft.draft;
  TRY(pulls.save());
  return pull;
}

Result<PullRequest> LocalForge::pull(const std::string& repository, std::int64_t number) {
  std::lock_guard lock(mutex_);
  const auto git = TRY(open_bare(repository));
  auto pulls = TRY(LockedPulls::open(repository));
  PullRequest out = TRY(pulls.find(number))->pull;
  refresh(git.get(), out);
  return out;
}

Result<std::optional<PullRequest>> LocalForge::find_pull(const std::string& repository,
                                                         const std::string& head_branch) {
  std::lock_guard lock(mutex_);
  auto pulls = TRY(LockedPulls::open(repository));
  for (auto it = pulls.file.pulls.rbegin(); it != pulls.file.pulls.rend(); ++it)
    if (it->pull.head_branch == head_branch) return std::optional<PullRequest>(it->pull);
  return std::optional<PullRequest>{};
}

Result<void> LocalForge::add_review(const std::string& repository, std::int64_t number,
                                    const Review& review) {
  std::lock_guard lock(mutex_);
  auto pulls = TRY(LockedPulls::open(repository));
  auto& reviews = TRY(pulls.find(number))->reviews;
  std::erase_if(reviews, [&](const Review& r) {
    return r.reviewer == review.reviewer && r.head_sha == review.head_sha;
  });
  reviews.push_back(review);
  return pulls.save();
}

Result<void> LocalForge::comment(const std::string& repository, std::int64_t number,
                                 const std::string& text) {
  std::lock_guard lock(mutex_);
  auto pulls = TRY(LockedPulls::open(repository));
  auto& comments = TRY(pulls.find(number))->comments;
  if (std::ranges::any_of(comments, [&](const PullComment& c) { return c.text == text; }))
    return {};
  comments.push_back({text});
  return pulls.save();
}

Result<std::string> LocalForge::merge(const std::string& repository, std::int64_t number,
                                      const std::string& head_sha, const std::string& by,
                                      UnixMs at) {
  std::lock_guard lock(mutex_);
  const auto git = TRY(open_bare(repository));
  auto pulls = TRY(LockedPulls::open(repository));
  PullRequest& pull = TRY(pulls.find(number))->pull;
  if (pull.state == PullRequestState::merged) {
    if (pull.head_sha == head_sha) return pull.merge_sha;
    return fail(Errc::conflict, "another head was merged");
  }
  if (pull.state == PullRequestState::closed)
    return fail(Errc::conflict, "the pull request is closed");
  if (TRY(head_of(git.get(), pull.head_branch)) != head_sha)
    return fail(Errc::conflict, "the head of the pull request moved");
  const std::string base_head = TRY(head_of(git.get(), pull.base_branch));
  std::string merge = TRY(find_merge(git.get(), base_head, head_sha));
  if (merge.empty()) {
    const auto ours = TRY(git2::find_commit(git.get(), base_head)),
               theirs = TRY(git2::find_commit(git.get(), head_sha));
    const git_oid tree = TRY(merged_tree(git.get(), ours.get(), theirs.get()));
    merge = TRY(write_commit(
        git.get(), {tree,
                    {ours.get(), theirs.get()},
                    "Merge pull request #" + std::to_string(number) + ": " + pull.title + "\n",
                    at}));
    TRY(move_branch(git.get(), pull.base_branch, base_head, merge));
  }
  pull.state = PullRequestState::merged;
  pull.head_sha = head_sha;
  pull.merge_sha = merge;
  pull.merged_by = by;
  TRY(pulls.save());
  return merge;
}

Result<void> LocalForge::close_pull(const std::string& repository, std::int64_t number,
                                    const std::string& by) {
  std::lock_guard lock(mutex_);
  auto pulls = TRY(LockedPulls::open(repository));
  StoredPull* stored = TRY(pulls.find(number));
  if (stored->pull.state != PullRequestState::open) return {};
  stored->pull.state = PullRequestState::closed;
  stored->comments.push_back({"Closed by " + by + "."});
  return pulls.save();
}

Result<PullRequest> LocalForge::open_revert(const std::string& repository, std::int64_t number,
                                            const std::string& branch, UnixMs at) {
  PullRequest merged = TRY(pull(repository, number));
  if (merged.state != PullRequestState::merged)
    return fail(Errc::conflict, "only a merged pull request can be reverted");
  if (auto found = TRY(find_pull(repository, branch))) return *found;
  {
    const auto git = TRY(open_bare(repository));
    const std::string base_head = TRY(head_of(git.get(), merged.base_branch));
    const auto ours = TRY(git2::find_commit(git.get(), base_head)),
               merge = TRY(git2::find_commit(git.get(), merged.merge_sha));
    git_index* made = nullptr;
    if (const int code = git_revert_commit(&made, git.get(), merge.get(), ours.get(), 1, nullptr);
        code != 0)
      return git2::failure(code, "cannot revert");
    const git2::Index index(made);
    if (git_index_has_conflicts(index.get()) != 0)
      return fail(Errc::conflict, "the revert does not apply cleanly");
    git_oid tree;
    if (const int code = git_index_write_tree_to(&tree, index.get(), git.get()); code != 0)
      return git2::failure(code, "cannot revert");
    const std::string sha =
        TRY(write_commit(git.get(), {tree,
                                     {ours.get()},
                                     "Revert \"" + merged.title + "\"\n\nThis reverts commit " +
                                         merged.merge_sha + ".\n",
                                     at}));
    if (!head_of(git.get(), branch)) TRY(move_branch(git.get(), branch, "", sha));
  }
  return open_pull(repository, {.head_branch = branch,
                                .head_sha = {},
                                .base_branch = merged.base_branch,
                                .title = "Revert \"" + merged.title + "\"",
                                .body = "Reverts " + merged.url,
                                .labels = {"healer", "revert"}});
}

}  // namespace healer
