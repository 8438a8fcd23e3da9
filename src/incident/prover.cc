#include "incident/prover.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/limits.h"
#include "edit/editor.h"
#include "ports/exec/tree_folder.h"
#include "types/mask.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBrokenRunsKept = 32;

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
    constexpr auto kRun = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
    if (change.executable) fs::permissions(path, kRun, fs::perm_options::add, error);
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

Prover::Prover(Executor& executor, CheckLimits limits)
    : executor_(executor), limits_(limits), slots_(std::max(1, limits.concurrent_max)) {}

Result<CheckRun> Prover::run(const Check& check, const std::vector<FileChange>& changes) {
  const auto tree = TRY(TreeFolder::make());
  TRY(check.fill(tree.path()));
  TRY(apply_changes(tree.path(), changes));
  TRY(tree.hand_over());
  if (!check.setup.empty()) {
    CheckRun made = TRY(run_in(tree, check.setup, true));
    if (!made.passed) {
      made.output = "the setup failed:\n" + made.output;
      return made;
    }
  }
  return run_in(tree, check.argv, false);
}

Result<CheckRun> Prover::run_in(const TreeFolder& tree, const std::vector<std::string>& argv,
                                bool writes_tree) {
  SandboxCommand command;
  command.argv = argv;
  command.tree = tree.path();
  command.writes_tree = writes_tree;
  command.timeout = limits_.time_max;
  command.memory_mib = limits_.memory_mib;
  command.disk_mib = limits_.disk_mib;
  command.processes_max = limits_.processes_max;
  const auto result = TRY(in_slot(slots_, [&] { return executor_.run_sandboxed(command); }));
  std::string output = result.out + result.err;
  if (result.timed_out) output += "\n[killed after " + format_duration(limits_.time_max) + "]\n";
  if (result.out_of_memory) output += "\n[killed at its memory limit]\n";
  return CheckRun{.passed = result.ok(),
                  .exit_code = result.exit_code,
                  .timed_out = result.timed_out,
                  .output = mask(output).str()};
}

// Fixes of one base share the run on the broken tree, also while it runs: it only depends on the
// commit and the check. One that could not be made is made anew by the next.
Result<CheckRun> Prover::run_broken(const Check& check) {
  std::string key = check.tree;
  for (const auto& word : check.setup) key += '\0' + word;
  key += '\1';
  for (const auto& word : check.argv) key += '\0' + word;
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
  auto made = run(check, {});
  mine.set_value(made);
  if (!made) {
    std::lock_guard lock(mutex_);
    broken_runs_.erase(key);
  }
  return made;
}

Result<Proven> Prover::prove(const Check& check, const Patch& patch) {
  if (check.argv.empty()) return Proven{syntax_proof(patch), false};
  const SandboxSupport support = executor_.sandbox_support();
  if (!support.available) {
    Proof none;
    none.detail = "the check was not run: " + support.reason;
    return Proven{none, false};
  }
  // Both trees at once: the answer is on the path of a repair.
  std::optional<Result<CheckRun>> before;
  std::jthread other([&] { before = run_broken(check); });
  auto after = run(check, patch.files);
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

}  // namespace healer
