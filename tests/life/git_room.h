#pragma once
#include <git2.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace healer::testing {

// A folder with bare repositories, and the people who push to them: by libgit2, without a process.
class GitRoom {
 public:
  using Files = std::map<std::string, std::string>;

  GitRoom() {
    git_libgit2_init();
    // In memory where there is such a place: a case makes and deletes a hundred small files.
    char fast[] = "/dev/shm/healer-life-XXXXXX", plain[] = "/tmp/healer-life-XXXXXX";
    const char* made = mkdtemp(fast);
    folder_ = made != nullptr ? made : mkdtemp(plain);
  }
  ~GitRoom() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    git_libgit2_shutdown();
  }
  GitRoom(const GitRoom&) = delete;
  GitRoom& operator=(const GitRoom&) = delete;

  const std::string& folder() const { return folder_; }
  std::string url(const std::string& name) const { return folder_ + "/" + name + ".git"; }

  void make(const std::string& name) {
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    options.initial_head = "main";
    git_repository* made = nullptr;
    EXPECT_EQ(git_repository_init_ext(&made, url(name).c_str(), &options), 0);
    git_repository_free(made);
  }

  // Writes the files on top of the branch, which moves; the commit's hash.
  std::string push(const std::string& name, const std::string& branch, const Files& files,
                   const std::string& subject, const std::string& who, UnixMs at) {
    const Repository repository = open(name);
    const Commit parent = find(repository.get(), "refs/heads/" + branch);
    git_tree* base = nullptr;
    if (parent) git_commit_tree(&base, parent.get());
    const Tree old(base, git_tree_free);
    std::vector<git_tree_update> updates;
    for (const auto& [path, text] : files) {
      git_tree_update update{};
      update.action = GIT_TREE_UPDATE_UPSERT;
      update.filemode = GIT_FILEMODE_BLOB;
      update.path = path.c_str();
      EXPECT_EQ(git_blob_create_from_buffer(&update.id, repository.get(), text.data(), text.size()),
                0);
      updates.push_back(update);
    }
    git_oid tree_id;
    EXPECT_EQ(git_tree_create_updated(&tree_id, repository.get(), old.get(), updates.size(),
                                      updates.data()),
              0);
    git_tree* made = nullptr;
    git_tree_lookup(&made, repository.get(), &tree_id);
    const Tree tree(made, git_tree_free);
    git_signature* signature = nullptr;
    git_signature_new(&signature, who.c_str(), (who + "@example.com").c_str(), at / 1000, 0);
    const git_commit* parents[] = {parent.get()};
    git_oid id;
    EXPECT_EQ(
        git_commit_create(&id, repository.get(), ("refs/heads/" + branch).c_str(), signature,
                          signature, nullptr, subject.c_str(), tree.get(), parent ? 1 : 0, parents),
        0);
    git_signature_free(signature);
    return text_of(id);
  }

  // Empty if there is no such branch.
  std::string head(const std::string& name, const std::string& branch) const {
    git_oid id;
    const Repository repository = open(name);
    const std::string ref = "refs/heads/" + branch;
    return git_reference_name_to_id(&id, repository.get(), ref.c_str()) == 0 ? text_of(id) : "";
  }

  std::string read(const std::string& name, const std::string& path) const {
    const Repository repository = open(name);
    git_object* found = nullptr;
    if (git_revparse_single(&found, repository.get(), ("main:" + path).c_str()) != 0) return "";
    const std::unique_ptr<git_object, void (*)(git_object*)> owned(found, git_object_free);
    const auto* blob = reinterpret_cast<git_blob*>(found);
    return {static_cast<const char*>(git_blob_rawcontent(blob)),
            static_cast<std::size_t>(git_blob_rawsize(blob))};
  }

  // The subjects of main's first-parent line, newest first.
  std::vector<std::string> subjects(const std::string& name) const {
    std::vector<std::string> out;
    const Repository repository = open(name);
    for (Commit at = find(repository.get(), "refs/heads/main"); at;) {
      out.emplace_back(git_commit_summary(at.get()));
      git_commit* parent = nullptr;
      if (git_commit_parent(&parent, at.get(), 0) != 0) break;
      at.reset(parent);
    }
    return out;
  }

  void hide(const std::string& name) { std::filesystem::rename(url(name), url(name) + ".away"); }
  void show(const std::string& name) { std::filesystem::rename(url(name) + ".away", url(name)); }

 private:
  using Repository = std::unique_ptr<git_repository, void (*)(git_repository*)>;
  using Commit = std::unique_ptr<git_commit, void (*)(git_commit*)>;
  using Tree = std::unique_ptr<git_tree, void (*)(git_tree*)>;

  Repository open(const std::string& name) const {
    git_repository* out = nullptr;
    EXPECT_EQ(git_repository_open_bare(&out, url(name).c_str()), 0) << name;
    return {out, git_repository_free};
  }
  static Commit find(git_repository* repository, const std::string& ref) {
    git_oid id;
    git_commit* out = nullptr;
    if (git_reference_name_to_id(&id, repository, ref.c_str()) == 0)
      git_commit_lookup(&out, repository, &id);
    return {out, git_commit_free};
  }
  static std::string text_of(const git_oid& id) {
    char text[GIT_OID_HEXSZ + 1];
    git_oid_tostr(text, sizeof text, &id);
    return text;
  }

  std::string folder_;
};

}  // namespace healer::testing
