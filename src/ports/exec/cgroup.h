#pragma once
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ports/exec/process.h"

namespace healer {

// A control group of its own for one sandbox: memory and process limits that children cannot leave.
class Cgroup {
 public:
  // v2 if it can be written, else v1; nullptr where neither can (no root, no delegation).
  static std::unique_ptr<Cgroup> make(std::int64_t memory_mib, std::int64_t processes_max);
  ~Cgroup();  // kills what is left in it and removes it
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  // In the child, between fork and exec: moves the caller into the group.
  bool join() const;
  std::string kind() const { return version_ == 2 ? "cgroup2" : "cgroup1"; }
  bool ran_out_of_memory() const;

 private:
  explicit Cgroup(int version) : version_(version) {}
  bool add(const std::string& folder);

  int version_;
  std::vector<std::string> folders_;  // v1 keeps memory and process counts in two trees
  std::array<Fd, 2> procs_;           // cgroup.procs of each
};

// Resident memory of a process and all below it, MiB; for machines without control groups.
std::int64_t tree_memory_mib(pid_t root);

// What the files below a folder take, MiB; each counts as a block at least. Stops past `enough`.
std::int64_t folder_mib(const std::string& folder, std::int64_t enough);

}  // namespace healer
