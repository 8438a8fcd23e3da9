#pragma once
#include <deque>
#include <mutex>
#include <vector>

#include "ports/exec/exec.h"

namespace healer {

// Answers from a script, in order, and remembers what it was asked. Past the script: not_found.
class ScriptedExecutor final : public Executor {
 public:
  std::deque<Result<ProcessResult>> answers;
  std::vector<std::vector<std::string>> asked;
  SandboxSupport support{.available = true, .reason = {}, .memory_limit = "scripted"};

  Result<ProcessResult> run(const Command& command) override { return next(command.argv); }
  Result<ProcessResult> run_sandboxed(const SandboxCommand& command) override {
    if (!support.available) return fail(Errc::unsupported, support.reason);
    return next(command.argv);
  }
  SandboxSupport sandbox_support() override { return support; }

 private:
  Result<ProcessResult> next(const std::vector<std::string>& argv) {
    std::lock_guard lock(mutex_);
    asked.push_back(argv);
    if (answers.empty()) return fail(Errc::not_found, "the script is over");
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  std::mutex mutex_;
};

}  // namespace healer
