#pragma once
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "base/time.h"

namespace healer {

// A process to run: argv only, never a shell's line. Nothing of healer's environment or open files
// is inherited but PATH.
struct Command {
  std::vector<std::string> argv;
  std::string cwd;  // empty: /
  std::map<std::string, std::string> env;
  std::string input;  // standard input
  Millis timeout{60'000};
  std::size_t output_bytes_max = limits::kOutputBytesMax;  // kept of each stream: the last ones
  std::stop_token cancel = {};
};

// A check of somebody's repository. `tree` (empty: none) is copied into a sized file system that
// only it sees; no network but its own loopback, a read-only system, no file of this machine's
// users.
struct SandboxCommand {
  std::vector<std::string> argv;
  std::string tree;
  std::map<std::string, std::string> env;
  Millis timeout{120'000};
  std::int64_t memory_mib = 1024;  // what it writes to its file system counts
  std::int64_t disk_mib = 512;
  std::int64_t processes_max = 256;
  std::size_t output_bytes_max = limits::kOutputBytesMax;
  std::vector<std::string> read_only = {};  // more of the system that it may read, at the same path
  bool writes_tree =
      false;  // no copy: it works in `tree` itself, killed once that is over disk_mib
  std::stop_token cancel = {};
};

struct ProcessResult {
  int exit_code = 0;  // 128 + signal where a signal ended it
  bool timed_out = false;
  bool out_of_memory = false;  // something was killed for the memory limit
  bool out_of_disk = false;    // killed for writing too much into its tree
  bool truncated = false;      // a stream was longer than output_bytes_max
  std::string out, err;
  std::int64_t wall_ms = 0;
  bool ok() const { return exit_code == 0 && !timed_out && !out_of_memory && !out_of_disk; }
};

// Whether a sandbox can be made here; if not, `reason` says why and what to do.
struct SandboxSupport {
  bool available = false;
  std::string reason;
  std::string memory_limit;  // cgroup2, cgroup1 or watcher
};

// The only door to a process. Calls block; thread-safe. At its end, in time or killed, what is left
// of its process group is killed too: what shall stay needs a session of its own.
// not_found: no such program. cancelled: the token was triggered, the process is gone.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual Result<ProcessResult> run(const Command& command) = 0;
  // A result says that argv was started: whatever fails before (no sandbox: unsupported; the tree
  // is larger than its disk: full; the system refuses: io) is an error and says nothing about argv.
  virtual Result<ProcessResult> run_sandboxed(const SandboxCommand& command) = 0;
  virtual SandboxSupport sandbox_support() = 0;
};

class SystemExecutor final : public Executor {
 public:
  // `stop` ends every process that runs, as if each had been cancelled.
  explicit SystemExecutor(std::stop_token stop = {}) : stop_(std::move(stop)) {}
  Result<ProcessResult> run(const Command& command) override;
  Result<ProcessResult> run_sandboxed(const SandboxCommand& command) override;
  SandboxSupport sandbox_support() override;

 private:
  const std::stop_token stop_;
};

// The uid that checks run as where healer is root; owns nothing else. Trees must be readable by it.
inline constexpr unsigned kSandboxUid = 64'321;

}  // namespace healer
