#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/limits.h"
#include "base/metrics.h"
#include "ports/forge/git.h"
#include "ports/forge/git2.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

std::string_view text_of(git_blob* blob) {
  return {static_cast<const char*>(git_blob_rawcontent(blob)),
          static_cast<std::size_t>(git_blob_rawsize(blob))};
}

Result<git2::Blob> find_blob(git_repository* repository, const git_oid& oid) {
  git_blob* out = nullptr;
  if (const int code = git_blob_lookup(&out, repository, &oid); code != 0)
    return git2::failure(code, "cannot read a file");
  return git2::Blob(out);
}

struct Walk {
  git_repository* repository;
  std::function<Result<bool>(const std::string& path, const git_tree_entry* entry)> visit;
  Result<bool> result = true;
};

int walk_one(const char* root, const git_tree_entry* entry, void* payload) {
  auto& walk = *static_cast<Walk*>(payload);
  if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB) return 0;
  walk.result = walk.visit(std::string(root) + git_tree_entry_name(entry), entry);
  return walk.result && *walk.result ? 0 : -1;
}

Result<bool> walk_tree(
    git_repository* repository, const std::string& commit,
    std::function<Result<bool>(const std::string&, const git_tree_entry*)> visit) {
  const auto found = TRY(git2::find_commit(repository, commit));
  const auto tree = TRY(git2::tree_of(found.get()));
  Walk walk{repository, std::move(visit), true};
  git_tree_walk(tree.get(), GIT_TREEWALK_PRE, walk_one, &walk);
  return std::move(walk.result);
}

// A link is kept only where its target stays inside the tree.
bool stays_inside(const std::string& path, const std::string& target) {
  const fs::path normal = (fs::path(path).parent_path() / target).lexically_normal();
  return !fs::path(target).is_absolute() && *normal.begin() != "..";
}

Result<bool> write_entry(git_repository* repository, const std::string& folder,
                         const std::string& path, const git_tree_entry* entry) {
  const auto blob = TRY(find_blob(repository, *git_tree_entry_id(entry)));
  const fs::path target = fs::path(folder) / path;
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  const git_filemode_t mode = git_tree_entry_filemode(entry);
  if (mode == GIT_FILEMODE_LINK) {
    const std::string link(text_of(blob.get()));
    if (stays_inside(path, link)) fs::create_symlink(link, target, error);
    return true;
  }
  std::ofstream out(target, std::ios::binary);
  out << text_of(blob.get());
  out.close();
  if (!out) return fail(Errc::full, "cannot write " + target.string());
  chmod(target.c_str(), mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644);
  return true;
}

Result<std::string> side(git_repository* repository, const git_diff_file& file) {
  if (file.mode == 0 || git_oid_is_zero(&file.id) != 0) return std::string();
  const auto blob = TRY(find_blob(repository, file.id));
  if (git_blob_is_binary(blob.get()) != 0 ||
      git_blob_rawsize(blob.get()) > static_cast<git_object_size_t>(limits::kRepoFileBytesMax))
    return std::string();
  return std::string(text_of(blob.get()));
}

Result<void> add_changes(git_repository* repository, git_commit* commit,
                         std::vector<FileHistory>& out) {
  const auto tree = TRY(git2::tree_of(commit));
  git2::Tree parent_tree;
  git_commit* parent = nullptr;
  if (git_commit_parent(&parent, commit, 0) == 0) {
    const git2::Commit owned(parent);
    parent_tree = TRY(git2::tree_of(parent));
  }
  git_diff* made = nullptr;
  if (const int code =
          git_diff_tree_to_tree(&made, repository, parent_tree.get(), tree.get(), nullptr);
      code != 0)
    return git2::failure(code, "cannot compare two commits");
  const git2::Diff diff(made);
  const char* subject = git_commit_summary(commit);
  bool ours = git2::is_ours(commit);
  git_commit* merged = nullptr;
  if (git_commit_parent(&merged, commit, 1) == 0) {
    const git2::Commit owned(merged);
    ours = ours || git2::is_ours(merged);
  }
  const CommitSummary summary{.sha = git2::print_oid(*git_commit_id(commit)),
                              .subject = subject != nullptr ? subject : "",
                              .author = git_commit_author(commit)->name,
                              .time = git_commit_author(commit)->when.time * 1000,
                              .ours = ours};
  for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
    const char* path =
        delta->new_file.path != nullptr ? delta->new_file.path : delta->old_file.path;
    auto before = TRY(side(repository, delta->old_file));
    auto after = TRY(side(repository, delta->new_file));
    out.push_back({summary, path, std::move(before), std::move(after)});
  }
  return {};
}

Result<git_oid> write_tree(git_repository* repository, git_tree* base,
                           const std::vector<FileChange>& changes) {
  std::vector<git_tree_update> updates;
  for (const auto& change : changes) {
    git_tree_update update{};
    update.path = change.path.c_str();
    if (change.after) {
      update.action = GIT_TREE_UPDATE_UPSERT;
      update.filemode = change.executable ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
      git_tree_entry* entry = nullptr;
      if (git_tree_entry_bypath(&entry, base, update.path) == 0) {
        const git2::TreeEntry owned(entry);
        update.filemode = git_tree_entry_filemode(entry);
      }
      if (const int code = git_blob_create_from_buffer(&update.id, repository, change.after->data(),
                                                       change.after->size());
          code != 0)
        return git2::failure(code, "cannot store " + change.path);
    } else {
      update.action = GIT_TREE_UPDATE_REMOVE;
    }
    updates.push_back(update);
  }
  git_oid out;
  if (const int code =
          git_tree_create_updated(&out, repository, base, updates.size(), updates.data());
      code != 0)
    return git2::failure(code, "cannot make a tree");
  return out;
}

Result<std::vector<FileHistory>> history_of(git_repository* repository, git2::Commit at,
                                            std::size_t commits) {
  std::vector<FileHistory> out;
  for (std::size_t i = 0; i < commits && at; ++i) {
    TRY(add_changes(repository, at.get(), out));
    git_commit* parent = nullptr;
    if (git_commit_parent(&parent, at.get(), 0) != 0) break;
    at.reset(parent);
  }
  return out;
}

}  // namespace

Result<std::string> GitMirrors::read_file(const std::string& url, const std::string& commit,
                                          const std::string& path) {
  const auto repository = TRY(git2::open(path_of(url)));
  const auto found = TRY(git2::find_commit(repository.get(), commit));
  const auto tree = TRY(git2::tree_of(found.get()));
  git_tree_entry* entry = nullptr;
  if (const int code = git_tree_entry_bypath(&entry, tree.get(), path.c_str()); code != 0)
    return git2::failure(code, "no file " + path);
  const git2::TreeEntry owned(entry);
  const git_filemode_t mode = git_tree_entry_filemode(entry);
  if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE)
    return fail(Errc::unsupported, path + " is not a regular file");
  const auto blob = TRY(find_blob(repository.get(), *git_tree_entry_id(entry)));
  return std::string(text_of(blob.get()));
}

Result<bool> GitMirrors::each_file(const std::string& url, const std::string& commit,
                                   const Take& take) {
  const auto repository = TRY(git2::open(path_of(url)));
  std::size_t files = 0;
  bool all = true;
  TRY(walk_tree(repository.get(), commit,
                [&](const std::string& path, const git_tree_entry* entry) -> Result<bool> {
                  if (git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK) return true;
                  if (++files > limits::kRepoFilesMax) {
                    ++Metrics::counter("repo_files_limit_hits");
                    all = false;
                    return false;
                  }
                  const auto blob = TRY(find_blob(repository.get(), *git_tree_entry_id(entry)));
                  if (static_cast<std::size_t>(git_blob_rawsize(blob.get())) >
                          limits::kRepoFileBytesMax ||
                      git_blob_is_binary(blob.get()) != 0)
                    return true;
                  return take(path, text_of(blob.get()));
                }));
  return all;
}

Result<std::vector<FileHistory>> GitMirrors::history(const std::string& url,
                                                     const std::string& head, std::size_t commits) {
  const auto repository = TRY(git2::open(path_of(url)));
  auto newest = TRY(git2::find_commit(repository.get(), head));
  return history_of(repository.get(), std::move(newest), commits);
}

Result<WorkFolder> read_work_folder(const std::string& folder) {
  const auto repository = TRY(git2::open(folder, git2::Kind::worked_in));
  WorkFolder out;
  git_remote* found = nullptr;
  if (git_remote_lookup(&found, repository.get(), "origin") == 0) {
    const git2::Remote origin(found);
    out.origin = git_remote_url(origin.get()) != nullptr ? git_remote_url(origin.get()) : "";
  }
  git_reference* head = nullptr;
  const int code = git_repository_head(&head, repository.get());
  const git2::Reference owned(head);
  if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND) return out;
  if (code != 0) return git2::failure(code, folder + " has no readable HEAD");
  if (git_reference_is_branch(head) == 1) out.branch = git_reference_shorthand(head);
  if (const git_oid* target = git_reference_target(head); target != nullptr)
    out.sha = git2::print_oid(*target);
  return out;
}

Result<std::vector<FileHistory>> work_folder_history(const std::string& folder,
                                                     std::size_t commits) {
  const WorkFolder here = TRY(read_work_folder(folder));
  if (here.sha.empty()) return std::vector<FileHistory>{};
  const auto repository = TRY(git2::open(folder, git2::Kind::worked_in));
  auto newest = TRY(git2::find_commit(repository.get(), here.sha));
  return history_of(repository.get(), std::move(newest), commits);
}

Result<std::string> GitMirrors::commit(const std::string& url, const CommitDraft& draft) {
  const auto repository = TRY(git2::open(path_of(url)));
  const auto base = TRY(git2::find_commit(repository.get(), draft.base));
  const auto base_tree = TRY(git2::tree_of(base.get()));
  const git_oid tree_id = TRY(write_tree(repository.get(), base_tree.get(), draft.changes));
  git_tree* made = nullptr;
  if (const int code = git_tree_lookup(&made, repository.get(), &tree_id); code != 0)
    return git2::failure(code, "cannot read a tree");
  const git2::Tree tree(made);
  const auto who = TRY(git2::signature(draft.at));
  const git_commit* parents[] = {base.get()};
  git_oid out;
  if (const int code = git_commit_create(&out, repository.get(), nullptr, who.get(), who.get(),
                                         nullptr, draft.message.c_str(), tree.get(), 1, parents);
      code != 0)
    return git2::failure(code, "cannot commit");
  return git2::print_oid(out);
}

Result<void> GitMirrors::materialise(const std::string& url, const std::string& commit,
                                     const std::string& folder) {
  const auto repository = TRY(git2::open(path_of(url)));
  TRY(walk_tree(repository.get(), commit,
                [&](const std::string& path, const git_tree_entry* entry) {
                  return write_entry(repository.get(), folder, path, entry);
                }));
  return {};
}

}  // namespace healer
