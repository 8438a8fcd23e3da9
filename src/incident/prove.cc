#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/hash.h"
#include "base/limits.h"
#include "edit/editor.h"
#include "incident/workbench.h"
#include "types/mask.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBrokenRunsKept = 32;

// A folder that only the sandbox's user may enter; gone with this object. Under /tmp because that
// user cannot enter a root's home, where the data folder may be.
class TreeFolder {
 public:
  static Result<TreeFolder> make() {
    char name[] = "/tmp/healer-tree-XXXXXX";
    if (mkdtemp(name) == nullptr)
      return fail(Errc::io, std::string("cannot make a folder in /tmp: ") + std::strerror(errno));
    return TreeFolder(name);
  }
  ~TreeFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  TreeFolder(TreeFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TreeFolder& operator=(TreeFolder&&) = delete;
  const std::string& path() const { return path_; }

  // Where healer is root, the tree must belong to the user that the check runs as.
  void hand_over() const {
    if (geteuid() != 0) return;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(path_, error))
      if (lchown(entry.path().c_str(), kSandboxUid, kSandboxUid) != 0) return;
    if (chown(path_.c_str(), kSandboxUid, kSandboxUid) != 0) return;
  }

 private:
  explicit TreeFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Result<void> apply_changes(const std::string& folder, const std::vector<FileChange>& changes) {
  for (const auto& change : changes) {
    const fs::path path = fs::path(folder) / change.path;
    std::error_code error;
    if (!change.after) {
      fs::remove(path, error);
      continue;
    }
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << *change.after;
    out.close();
    if (!out) return fail(Errc::full, "cannot write " + path.string());
  }
  return {};
}

template <class Run>
auto in_slot(std::counting_semaphore<>& slots, Run&& run) {
  slots.acquire();
  auto result = run();
  slots.release();
  return result;
}

Proof syntax_proof(const Patch& patch) {
  Proof out;
  for (const auto& file : patch.files) {
    const auto format = format_of(file.path);
    if (!file.after || !format) continue;
    if (auto parsed = parses(*format, *file.after); !parsed) {
      out.detail = file.path + " does not parse: " + parsed.error().message;
      return out;
    }
  }
  out.kind = ProofKind::syntax;
  out.detail = "the repository declares no check in .healer.yml; every touched file still parses";
  return out;
}

}  // namespace

Result<CheckRun> Workbench::run_check(const RepositoryBase& base,
                                      const std::vector<FileChange>& changes) {
  const auto tree = TRY(TreeFolder::make());
  TRY(mirrors_.materialise(base.ref.url, base.sha, tree.path()));
  TRY(apply_changes(tree.path(), changes));
  tree.hand_over();
  SandboxCommand command;
  command.argv = base.rules.check;
  command.tree = tree.path();
  command.timeout = options_.check_time_max;
  command.memory_mib = options_.check_memory_mib;
  command.disk_mib = options_.check_disk_mib;
  command.processes_max = options_.check_processes_max;
  const auto result = TRY(in_slot(check_slots_, [&] { return executor_.run_sandboxed(command); }));
  std::string output = result.out + result.err;
  if (result.timed_out)
    output += "\n[killed after " + format_duration(options_.check_time_max) + "]\n";
  if (result.out_of_memory) output += "\n[killed at its memory limit]\n";
  return CheckRun{.passed = result.ok(),
                  .exit_code = result.exit_code,
                  .timed_out = result.timed_out,
                  .output = mask(output).str()};
}

// Fixes of one base share the run on the broken tree, also while it runs: it only depends on the
// commit and the check. One that could not be made is made anew by the next.
Result<CheckRun> Workbench::run_broken(const RepositoryBase& base) {
  std::string key = base.ref.url + '\0' + base.sha;
  for (const auto& word : base.rules.check) key += '\0' + word;
  std::promise<Result<CheckRun>> mine;
  {
    std::unique_lock lock(mutex_);
    if (const auto it = broken_runs_.find(key); it != broken_runs_.end()) {
      const SharedRun theirs = it->second;
      lock.unlock();
      return theirs.get();
    }
    if (broken_runs_.size() >= kBrokenRunsKept) broken_runs_.clear();
    broken_runs_[key] = mine.get_future().share();
  }
  auto run = run_check(base, {});
  mine.set_value(run);
  if (!run) {
    std::lock_guard lock(mutex_);
    broken_runs_.erase(key);
  }
  return run;
}

Result<Proven> Workbench::prove(const Patch& patch, const RepositoryBase& base) {
  if (base.rules.check.empty()) return Proven{syntax_proof(patch), false};
  const SandboxSupport support = executor_.sandbox_support();
  if (!support.available) {
    Proof none;
    none.detail = "the check was not run: " + support.reason;
    return Proven{none, false};
  }
  // Both trees at once: the answer is on the path of a repair.
  std::optional<Result<CheckRun>> before;
  std::jthread other([&] { before = run_broken(base); });
  auto after = run_check(base, patch.files);
  other.join();
  if (!*before) return std::unexpected(before->error());
  if (!after) return std::unexpected(after.error());
  const Judgement judgement = judge(**before, *after);
  Proof proof;
  proof.kind = judgement.kind;
  proof.detail = judgement.detail;
  proof.output_before = (*before)->output;
  proof.output_after = after->output;
  proof.exit_before = (*before)->exit_code;
  proof.exit_after = after->exit_code;
  return Proven{std::move(proof), judgement.regression};
}

Result<void> Workbench::deploy(const RepositoryRef& repository, const Incident& incident) {
  const auto base = TRY(base_at(repository, repository.branch.empty() ? "main" : repository.branch,
                                incident.merge_sha));
  if (base.rules.deploy.empty()) return {};
  const auto tree = TRY(TreeFolder::make());
  TRY(mirrors_.materialise(repository.url, base.sha, tree.path()));
  Command command;
  command.argv = base.rules.deploy;
  command.cwd = tree.path();
  command.env = options_.deploy_env;
  command.env["HEALER_COMMIT"] = incident.merge_sha;
  command.env["HEALER_SERVICE"] = incident.service;
  command.env["HEALER_ENVIRONMENT"] = incident.environment;
  command.timeout = options_.deploy_time_max;
  const auto result = TRY(executor_.run(command));
  if (result.timed_out)
    return fail(Errc::timeout,
                "deploy took longer than " + format_duration(options_.deploy_time_max));
  if (!result.ok())
    return fail(Errc::upstream, "deploy failed: " + mask(result.err + result.out).str());
  return {};
}

}  // namespace healer
