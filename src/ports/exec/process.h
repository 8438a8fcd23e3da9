#pragma once
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "ports/exec/exec.h"

namespace healer {

// What the two ways of running share: fork, pipes, deadline, group kill.
struct ProcessSetup {
  std::vector<std::string> argv;
  std::vector<std::string> env;  // NAME=value
  std::string cwd;
  std::string input;
  Millis timeout{0};
  std::size_t output_bytes_max = 0;
  std::vector<int> keep_fds;       // stay open in the child
  std::function<bool()> in_child;  // after fork, before exec; async-signal-safe; false: exit 126
  std::function<void(pid_t)> started;     // in the parent, before the child execs
  std::function<bool(pid_t)> over_limit;  // asked every 20 ms; true: kill it as out of memory
};

Result<ProcessResult> run_process(const ProcessSetup& setup);

// "PATH=…" with sane defaults, then `env`.
std::vector<std::string> environment(const std::map<std::string, std::string>& env);

}  // namespace healer
