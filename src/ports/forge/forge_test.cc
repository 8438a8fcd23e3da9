#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ports/exec/exec.h"
#include "ports/forge/fake.h"
#include "ports/forge/git.h"
#include "ports/forge/local_forge.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr UnixMs kAt = 1'767'225'600'000;

// A bare repository with one commit on main, a mirror folder, and git.
class RealGit : public ::testing::Test {
 protected:
  void SetUp() override {
    url = folder + "/shop.git";
    sh("git init -q -b main work && cd work && mkdir config && printf 'a: 1\\nb: 2\\n' "
       ">config/app.yaml && echo hi >README.md && "
       "git add -A && git commit -q -m first && printf 'a: 1\\nb: 3\\n' >config/app.yaml && git "
       "commit -qam 'tune b' && "
       "cd .. && git clone -q --bare work shop.git");
  }
  void TearDown() override { fs::remove_all(folder); }

  static std::string fresh_folder() {
    char name[] = "/tmp/healer-forge-XXXXXX";
    return mkdtemp(name);
  }
  std::string sh(const std::string& script) {
    const auto result = executor.run({.argv = {"sh", "-ec", script},
                                      .cwd = folder,
                                      .env = {{"GIT_AUTHOR_NAME", "Dev"},
                                              {"GIT_AUTHOR_EMAIL", "d@example.com"},
                                              {"GIT_COMMITTER_NAME", "Dev"},
                                              {"GIT_COMMITTER_EMAIL", "d@example.com"},
                                              {"GIT_CONFIG_GLOBAL", "/dev/null"},
                                              {"HOME", folder}}});
    EXPECT_TRUE(result && result->ok()) << (result ? result->err : result.error().message);
    return result ? result->out : "";
  }
  // A fix on a branch of its own, pushed.
  std::string push_fix(const std::string& branch) {
    const auto head = mirrors.fetch(url, "main");
    EXPECT_TRUE(head) << head.error().message;
    const auto sha = mirrors.commit(
        url, {.base = head->sha,
              .changes = {{.path = "config/app.yaml", .before = {}, .after = "a: 1\nb: 2\n"}},
              .message = "restore b\n",
              .at = kAt});
    EXPECT_TRUE(sha) << sha.error().message;
    const auto pushed = mirrors.push(url, branch, *sha, "");
    EXPECT_TRUE(pushed) << pushed.error().message;
    return *sha;
  }
  PullDraft draft(const std::string& branch, const std::string& sha) {
    return {.head_branch = branch,
            .head_sha = sha,
            .base_branch = "main",
            .title = "restore b",
            .body = "why",
            .labels = {"healer"}};
  }

  SystemExecutor executor;
  std::string folder = fresh_folder(), url;
  GitMirrors mirrors{folder + "/mirrors", executor};
  LocalForge forge;
};

TEST_F(RealGit, ReadsTreesAndHistory) {
  const auto head = mirrors.fetch(url, "");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->branch, "main");
  EXPECT_EQ(*mirrors.read_file(url, head->sha, "config/app.yaml"), "a: 1\nb: 3\n");
  EXPECT_EQ(mirrors.read_file(url, head->sha, "nope").error().code, Errc::not_found);
  std::vector<std::string> files;
  ASSERT_TRUE(mirrors.each_file(url, head->sha, [&](const std::string& path, std::string_view) {
    files.push_back(path);
    return true;
  }));
  EXPECT_EQ(files, (std::vector<std::string>{"README.md", "config/app.yaml"}));
  const auto history = mirrors.history(url, head->sha, 10);
  ASSERT_TRUE(history) << history.error().message;
  ASSERT_EQ(history->size(), 3U);
  EXPECT_EQ(history->at(0).commit.subject, "tune b");
  EXPECT_EQ(history->at(0).before, "a: 1\nb: 2\n");
  EXPECT_EQ(history->at(0).after, "a: 1\nb: 3\n");
}

TEST_F(RealGit, TheSameDraftIsTheSameCommit) {
  const auto head = mirrors.fetch(url, "main");
  const CommitDraft one{.base = head->sha,
                        .changes = {{.path = "x/y", .before = {}, .after = "z"}},
                        .message = "m",
                        .at = kAt};
  const auto a = mirrors.commit(url, one), b = mirrors.commit(url, one);
  ASSERT_TRUE(a) << a.error().message;
  EXPECT_EQ(*a, *b);
  EXPECT_TRUE(*mirrors.contains(url, *a, head->sha));
  EXPECT_FALSE(*mirrors.contains(url, head->sha, *a));
  EXPECT_TRUE(*mirrors.contains(url, a->substr(0, 7), head->sha));
  EXPECT_TRUE(*mirrors.contains(url, a->substr(0, 7), *a));
  EXPECT_FALSE(*mirrors.contains(url, head->sha.substr(0, 12), *a));
  EXPECT_EQ(mirrors.contains(url, "0000000", *a).error().code, Errc::not_found);
}

TEST_F(RealGit, MaterialisesATreeWithoutGitAndWithoutEscapingLinks) {
  sh("cd work && ln -s ../../etc/passwd out && ln -s README.md in && printf '#!/bin/sh\\n' >run && "
     "chmod +x run && git add -A && "
     "git commit -qm links && git push -q ../shop.git main");
  const auto head = mirrors.fetch(url, "main");
  fs::create_directory(folder + "/tree");
  ASSERT_TRUE(mirrors.materialise(url, head->sha, folder + "/tree"));
  EXPECT_FALSE(fs::exists(fs::symlink_status(folder + "/tree/out")));
  EXPECT_TRUE(fs::is_symlink(folder + "/tree/in"));
  EXPECT_FALSE(fs::exists(folder + "/tree/.git"));
  EXPECT_NE(fs::status(folder + "/tree/run").permissions() & fs::perms::owner_exec,
            fs::perms::none);
}

TEST_F(RealGit, PushingTwiceIsHarmlessAndOverwritesNobody) {
  const std::string sha = push_fix("healer/1");
  EXPECT_TRUE(mirrors.push(url, "healer/1", sha, "")) << "repeated after a crash";
  const auto head = mirrors.fetch(url, "main");
  const auto other = mirrors.push(url, "healer/1", head->sha, head->sha);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::conflict) << other.error().message;
}

TEST_F(RealGit, HostileAddressesAndBranchesAreRefused) {
  for (const std::string bad : {"--upload-pack=touch x", "ext::sh -c id", "", "a\nb"})
    EXPECT_EQ(mirrors.fetch(bad, "main").error().code, Errc::invalid_input) << bad;
  const std::string sha = push_fix("healer/2");
  for (const std::string bad : {"-x", "a b", "a..b", ""})
    EXPECT_EQ(mirrors.push(url, bad, sha, "").error().code, Errc::invalid_input) << bad;
  EXPECT_EQ(mirrors.fetch(folder + "/nothing", "main").error().code, Errc::not_found);
}

TEST_F(RealGit, ARevertUndoesAMerge) {
  const std::string sha = push_fix("healer/3");
  const auto pull = forge.open_pull(url, draft("healer/3", sha));
  ASSERT_TRUE(forge.merge(url, pull->number, sha, "healer", kAt));
  const auto revert = forge.open_revert(url, pull->number, "healer/revert-3", kAt);
  ASSERT_TRUE(revert) << revert.error().message;
  EXPECT_EQ(forge.open_revert(url, pull->number, "healer/revert-3", kAt)->number, revert->number);
  ASSERT_TRUE(forge.merge(url, revert->number, revert->head_sha, "healer", kAt));
  EXPECT_EQ(*mirrors.read_file(url, mirrors.fetch(url, "main")->sha, "config/app.yaml"),
            "a: 1\nb: 3\n");
}

TEST_F(RealGit, AMergeThatWasNotWrittenDownIsFound) {
  const std::string sha = push_fix("healer/4");
  const auto pull = forge.open_pull(url, draft("healer/4", sha));
  const std::string before = sh("cat shop.git.pulls.json");
  const auto merge = forge.merge(url, pull->number, sha, "healer", kAt);
  std::ofstream(folder + "/shop.git.pulls.json") << before;  // killed between the ref and the file
  EXPECT_EQ(*forge.merge(url, pull->number, sha, "healer", kAt), *merge);
  EXPECT_EQ(sh("git -C shop.git rev-list --merges --count main"), "1\n");
}

TEST_F(RealGit, ADamagedPullsFileIsSaidAndKept) {
  push_fix("healer/5");
  std::ofstream(folder + "/shop.git.pulls.json") << "{\"pulls\":";
  const auto pull = forge.find_pull(url, "healer/5");
  ASSERT_FALSE(pull);
  EXPECT_EQ(pull.error().code, Errc::corrupt);
  EXPECT_EQ(sh("cat shop.git.pulls.json"), "{\"pulls\":");
}

// What every forge must do; run against the local one and against the fake.
void contract(Forge& forge, const std::string& repository, const PullDraft& draft,
              const std::string& sha) {
  const auto opened = forge.open_pull(repository, draft);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(forge.open_pull(repository, draft)->number, opened->number)
      << "one pull request a branch";
  EXPECT_EQ((*forge.find_pull(repository, draft.head_branch))->number, opened->number);
  EXPECT_FALSE((*forge.find_pull(repository, "healer/none")).has_value());
  EXPECT_EQ(forge.pull(repository, 999).error().code, Errc::not_found);
  EXPECT_TRUE(
      forge.add_review(repository, opened->number,
                       {.verdict = Verdict::approved, .reviewer = "diff-guard", .head_sha = sha}));
  EXPECT_TRUE(forge.comment(repository, opened->number, "hello"));
  const auto stale = forge.merge(repository, opened->number, std::string(40, '1'), "healer", kAt);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Errc::conflict) << "only the approved head is merged";
  const auto merged = forge.merge(repository, opened->number, sha, "healer", kAt);
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(*forge.merge(repository, opened->number, sha, "healer", kAt), *merged) << "merged once";
  EXPECT_EQ(forge.pull(repository, opened->number)->state, PullRequestState::merged);
  EXPECT_TRUE(forge.close_pull(repository, opened->number, "x"))
      << "closing a merged one changes nothing";
  EXPECT_EQ(forge.pull(repository, opened->number)->state, PullRequestState::merged);
}

TEST_F(RealGit, KeepsTheContract) {
  const std::string sha = push_fix("healer/6");
  contract(forge, url, draft("healer/6", sha), sha);
  EXPECT_EQ(sh("git -C shop.git rev-list --merges --count main"), "1\n");
}

TEST(FakeForge, KeepsTheContract) {
  FakeForge forge;
  const std::string sha(40, 'a');
  forge.heads["healer/6"] = sha;
  contract(forge, "r",
           {.head_branch = "healer/6",
            .head_sha = sha,
            .base_branch = "main",
            .title = "t",
            .body = "b"},
           sha);
}

TEST(FakeForge, AFailedCallMayHaveTakenEffect) {
  FakeForge forge;
  const std::string sha(40, 'a');
  forge.heads["h"] = sha;
  const PullDraft draft{
      .head_branch = "h", .head_sha = sha, .base_branch = "main", .title = "t", .body = "b"};
  forge.fail_call(1, FakeForge::Failure::after_effect);
  EXPECT_FALSE(forge.open_pull("r", draft));
  EXPECT_EQ(forge.open_pull("r", draft)->number, 1) << "found again, not opened twice";
}

}  // namespace
}  // namespace healer
