#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "base/time.h"
#include "ports/exec/exec.h"
#include "types/prompt.h"

namespace healer {

struct AgentLimits {
  Millis time_max{600'000};
  std::int64_t memory_mib = 2048;
  std::int64_t disk_mib = 1024;  // of the worktree, with what was in it before
  std::int64_t processes_max = 256;
  std::size_t output_bytes_max = limits::kAgentOutputBytesMax;  // kept: the last ones
};

struct AgentTask {
  std::string worktree;  // the one folder that it may change; a TreeFolder that was handed over
  Prompt prompt;
  AgentLimits limits;
};

struct AgentReport {
  int exit_code = 0;  // its own word, as its output is: worth a line in a timeline, never proof
  bool timed_out = false, out_of_memory = false, out_of_disk = false;
  MaskedText output_tail;
  bool was_killed() const { return timed_out || out_of_memory || out_of_disk; }
};

// Whatever edits a repository. Its result is the tree that it leaves, never what it says: whoever
// asked reads the worktree. Blocks; thread-safe. A report says that it was started; not_found: no
// worktree; full: the prompt is too long; unsupported: no sandbox can be made here; cancelled.
class Agent {
 public:
  virtual ~Agent() = default;
  virtual Result<AgentReport> run(const AgentTask& task) = 0;
  virtual std::string name() const = 0;  // one word, for people
};

struct CommandAgentOptions {
  // A program and its arguments. "{worktree}" becomes the folder, "{prompt_file}" the file with the
  // prompt; the latter must be there.
  std::vector<std::string> argv;
  std::vector<std::string> read_only;  // more of the system that it may read: where it is installed
};

// Any command-line agent, in the sandbox: it sees the worktree and a read-only system, no network,
// no credential and nothing of healer's environment.
class CommandAgent final : public Agent {
 public:
  // invalid_input: argv names no program or no {prompt_file}, or a path of read_only is not one.
  static Result<std::unique_ptr<CommandAgent>> make(Executor& executor,
                                                    CommandAgentOptions options);
  Result<AgentReport> run(const AgentTask& task) override;
  std::string name() const override;

 private:
  CommandAgent(Executor& executor, CommandAgentOptions options)
      : executor_(executor), options_(std::move(options)) {}
  Executor& executor_;
  const CommandAgentOptions options_;
};

}  // namespace healer
