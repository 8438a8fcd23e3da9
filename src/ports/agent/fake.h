#pragma once
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ports/agent/agent.h"

namespace healer {

// Makes scripted edits in the worktree, a list for each run, in order, and remembers its tasks.
// Past the script it changes nothing.
class ScriptedAgent final : public Agent {
 public:
  struct Edit {
    std::string path;                 // in the worktree
    std::optional<std::string> text;  // nullopt: removed
    bool executable = false;
  };
  struct Run {
    std::vector<Edit> edits;
    AgentReport report = {};
    std::function<void(const std::string& worktree)> mischief = {};  // what no Edit can say
  };
  std::deque<Result<Run>> script;
  std::vector<AgentTask> tasks;

  Result<AgentReport> run(const AgentTask& task) override {
    std::lock_guard lock(mutex_);
    if (!std::filesystem::is_directory(task.worktree))
      return fail(Errc::not_found, "there is no folder " + task.worktree);
    tasks.push_back(task);
    if (script.empty()) return AgentReport{};
    auto next = std::move(script.front());
    script.pop_front();
    if (!next) return std::unexpected(next.error());
    for (const auto& edit : next->edits) apply(std::filesystem::path(task.worktree), edit);
    if (next->mischief) next->mischief(task.worktree);
    return next->report;
  }
  std::string name() const override { return "scripted"; }

 private:
  static void apply(const std::filesystem::path& worktree, const Edit& edit) {
    const auto path = worktree / edit.path;
    if (!edit.text) {
      std::filesystem::remove_all(path);
      return;
    }
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << *edit.text;
    if (edit.executable)
      std::filesystem::permissions(path, std::filesystem::perms::owner_exec,
                                   std::filesystem::perm_options::add);
  }
  std::mutex mutex_;
};

}  // namespace healer
