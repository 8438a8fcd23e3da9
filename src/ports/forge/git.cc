#include "ports/forge/git.h"

#include <filesystem>

#include "base/hash.h"
#include "ports/forge/git2.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr Millis kGitTime{120'000};

// A URL or path that git would take for an option or run as a helper is no repository.
Result<void> check_url(const std::string& url) {
  if (url.empty() || url.front() == '-' || url.find("::") != std::string::npos ||
      url.find('\n') != std::string::npos)
    return fail(Errc::invalid_input, "\"" + url + "\" is not the address of a repository");
  return {};
}

// Names that git refuses or that could be taken for an option or another ref.
Result<void> check_branch(const std::string& branch) {
  int valid = 0;
  const std::string ref = "refs/heads/" + branch;
  if (branch.empty() || branch.front() == '-' ||
      git_reference_name_is_valid(&valid, ref.c_str()) != 0 || valid == 0)
    return fail(Errc::invalid_input, "\"" + branch + "\" is not a branch name");
  return {};
}

Errc errc_of(const std::string& message) {
  if (message.find("does not appear to be a git repository") != std::string::npos ||
      message.find("does not exist") != std::string::npos ||
      message.find("not found") != std::string::npos)
    return Errc::not_found;
  if (message.find("stale info") != std::string::npos ||
      message.find("rejected") != std::string::npos)
    return Errc::conflict;
  if (message.find("Authentication failed") != std::string::npos ||
      message.find("Permission denied") != std::string::npos)
    return Errc::denied;
  return Errc::upstream;
}

using Refs = std::map<std::string, std::string>;

// Branches below `prefix`, and under an empty name what `head` is; empty where one cannot be read.
Refs refs_of(git_repository* repository, const std::string& prefix, const char* head) {
  Refs out;
  git_oid oid;
  git_strarray names{};
  if (git_reference_name_to_id(&oid, repository, head) != 0) return {};
  out[""] = git2::print_oid(oid);
  if (git_reference_list(&names, repository) != 0) return {};
  for (std::size_t i = 0; i < names.count; ++i) {
    const std::string name = names.strings[i];
    if (!name.starts_with(prefix)) continue;
    if (git_reference_name_to_id(&oid, repository, name.c_str()) == 0)
      out[name.substr(prefix.size())] = git2::print_oid(oid);
  }
  git_strarray_dispose(&names);
  return out;
}

// Whether a bare repository on this machine has nothing that its mirror has not: then no process is
// needed to find that out.
bool is_current(const std::string& url, const std::string& mirror) {
  const std::string path = url.starts_with("file://") ? url.substr(7) : url;
  if (!path.starts_with('/')) return false;
  const auto theirs = git2::open(path), ours = git2::open(mirror);
  if (!theirs || !ours) return false;
  const Refs there = refs_of(theirs->get(), "refs/heads/", "HEAD");
  return !there.empty() &&
         there == refs_of(ours->get(), "refs/remotes/origin/", "refs/remotes/origin-head");
}

}  // namespace

GitMirrors::GitMirrors(std::string folder, Executor& executor)
    : folder_(std::move(folder)), executor_(executor) {}
GitMirrors::~GitMirrors() = default;

std::string GitMirrors::path_of(const std::string& url) const {
  return folder_ + "/" + hex16(hash64(url)) + ".git";
}

Result<ProcessResult> GitMirrors::git(const std::string& folder, std::vector<std::string> words) {
  Command command;
  command.argv = {"git",
                  "-c",
                  "core.hooksPath=/dev/null",
                  "-c",
                  "core.fsmonitor=false",
                  "-c",
                  "protocol.ext.allow=never",
                  "-c",
                  "credential.helper=",
                  "-c",
                  "gc.auto=0",
                  "-c",
                  "safe.directory=*",
                  "-C",
                  folder};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.cwd = "/";
  // safe.directory is read from the environment only: -c is ignored for it.
  command.env = {{"HOME", "/nonexistent"},
                 {"GIT_CONFIG_NOSYSTEM", "1"},
                 {"GIT_CONFIG_GLOBAL", "/dev/null"},
                 {"GIT_TERMINAL_PROMPT", "0"},
                 {"GIT_ALLOW_PROTOCOL", "file:https:ssh"},
                 {"GIT_CONFIG_COUNT", "1"},
                 {"GIT_CONFIG_KEY_0", "safe.directory"},
                 {"GIT_CONFIG_VALUE_0", "*"},
                 {"LC_ALL", "C"}};
  command.timeout = kGitTime;
  return executor_.run(command);
}

Result<void> GitMirrors::ensure(const std::string& url) {
  const std::string path = path_of(url);
  if (fs::exists(path + "/HEAD")) return {};
  return git2::init_bare(path);
}

Result<GitMirrors::Head> GitMirrors::fetch(const std::string& url, const std::string& branch) {
  TRY(check_url(url));
  std::lock_guard lock(mutex_);
  TRY(ensure(url));
  const std::string path = path_of(url);
  if (!is_current(url, path)) {
    const auto fetched =
        TRY(git(path, {"fetch", "-q", "--prune", "--no-tags", "--no-write-fetch-head", "--", url,
                       "+refs/heads/*:refs/remotes/origin/*", "+HEAD:refs/remotes/origin-head"}));
    if (fetched.timed_out)
      return fail(Errc::timeout,
                  "git fetch " + url + " took longer than " + format_duration(kGitTime));
    if (!fetched.ok()) return fail(errc_of(fetched.err), "git fetch " + url + ": " + fetched.err);
  }
  const auto repository = TRY(git2::open(path));
  Head out{.branch = branch, .sha = {}};
  if (branch.empty()) {
    git_oid head;
    if (const int code =
            git_reference_name_to_id(&head, repository.get(), "refs/remotes/origin-head");
        code != 0)
      return git2::failure(code, url + " has no default branch");
    out.sha = git2::print_oid(head);
    // The default branch by name: main or master at that commit, else any branch there.
    for (const char* name : {"main", "master"}) {
      const auto there = branch_head(url, name);
      if (there && *there == out.sha) out.branch = name;
    }
    if (out.branch.empty())
      return fail(Errc::invalid_input, url + ": name the base branch in healer.yaml");
    return out;
  }
  out.sha = TRY(branch_head(url, branch));
  return out;
}

Result<std::string> GitMirrors::branch_head(const std::string& url, const std::string& branch) {
  TRY(check_branch(branch));
  const auto repository = TRY(git2::open(path_of(url)));
  git_oid oid;
  const std::string ref = "refs/remotes/origin/" + branch;
  if (const int code = git_reference_name_to_id(&oid, repository.get(), ref.c_str()); code != 0)
    return git2::failure(code, url + " has no branch " + branch);
  return git2::print_oid(oid);
}

Result<void> GitMirrors::push(const std::string& url, const std::string& branch,
                              const std::string& sha, const std::string& expected) {
  TRY(check_url(url));
  TRY(check_branch(branch));
  TRY(git2::parse_oid(sha));
  std::lock_guard lock(mutex_);
  const auto pushed = TRY(
      git(path_of(url), {"push", "-q", "--force-with-lease=refs/heads/" + branch + ":" + expected,
                         "--", url, sha + ":refs/heads/" + branch}));
  if (pushed.ok()) {
    // What is there now is known; where this fails, the next fetch finds it.
    git_reference* made = nullptr;
    const auto repository = TRY(git2::open(path_of(url)));
    const git_oid oid = TRY(git2::parse_oid(sha));
    git_reference_create(&made, repository.get(), ("refs/remotes/origin/" + branch).c_str(), &oid,
                         1, "healer");
    const git2::Reference owned(made);
    return {};
  }
  // A push that was repeated after a crash finds its own commit there.
  const auto listed =
      TRY(git(path_of(url), {"ls-remote", "--heads", "--", url, "refs/heads/" + branch}));
  if (listed.ok() && listed.out.starts_with(sha)) return {};
  if (pushed.timed_out) return fail(Errc::timeout, "git push to " + url + " took too long");
  return fail(errc_of(pushed.err), "git push to " + url + ": " + pushed.err);
}

Result<bool> GitMirrors::has(const std::string& url, const std::string& commit) {
  const git_oid oid = TRY(git2::parse_oid(commit));
  if (!fs::exists(path_of(url) + "/HEAD")) return false;
  const auto repository = TRY(git2::open(path_of(url)));
  git_commit* found = nullptr;
  const int code = git_commit_lookup(&found, repository.get(), &oid);
  const git2::Commit owned(found);
  if (code != 0 && code != GIT_ENOTFOUND) return git2::failure(code, "cannot look up " + commit);
  return code == 0;
}

Result<bool> GitMirrors::contains(const std::string& url, const std::string& commit,
                                  const std::string& ancestor) {
  if (commit == ancestor) return true;
  const auto repository = TRY(git2::open(path_of(url)));
  const auto newer = TRY(git2::find_abbreviated(repository.get(), commit));
  const git_oid* a = git_commit_id(newer.get());
  const git_oid b = TRY(git2::parse_oid(ancestor));
  if (git_oid_equal(a, &b) == 1) return true;
  const int answer = git_graph_descendant_of(repository.get(), a, &b);
  if (answer < 0) return git2::failure(answer, "cannot compare commits");
  return answer == 1;
}

}  // namespace healer
