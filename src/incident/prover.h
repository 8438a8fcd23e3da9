#pragma once
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <semaphore>
#include <string>
#include <vector>

#include "incident/proof.h"
#include "ports/exec/exec.h"
#include "ports/exec/tree_folder.h"
#include "types/patch.h"

namespace healer {

struct CheckLimits {
  Millis time_max{120'000};
  std::int64_t memory_mib = 1024;
  std::int64_t disk_mib = 512;
  std::int64_t processes_max = 256;
  int concurrent_max = 2;  // more at once would only make each other late
};

// The owners' check and the tree that it is about.
struct Check {
  std::vector<std::string> setup;  // first, in a sandbox alike, which may write into the tree
  std::vector<std::string> argv;   // empty: the repository has none
  std::string tree;                // names the tree: equal names, equal trees
  std::function<Result<void>(const std::string& folder)> fill;  // writes the tree into a folder
};

struct Proven {
  Proof proof;
  bool regression = false;  // the change breaks what worked
};

// Runs checks on the broken and on the fixed tree, both in the sandbox, and types the proof.
// Without a check every touched file is parsed again. Blocking; thread-safe.
class Prover {
 public:
  Prover(Executor& executor, CheckLimits limits);
  Result<Proven> prove(const Check& check, const Patch& patch);

 private:
  using SharedRun = std::shared_future<Result<CheckRun>>;
  Result<CheckRun> run(const Check& check, const std::vector<FileChange>& changes);
  Result<CheckRun> run_in(const TreeFolder& tree, const std::vector<std::string>& argv,
                          bool writes_tree);
  Result<CheckRun> run_broken(const Check& check);

  Executor& executor_;
  const CheckLimits limits_;
  std::counting_semaphore<> slots_;
  std::mutex mutex_;
  std::map<std::string, SharedRun> broken_runs_;  // by tree and check
};

}  // namespace healer
