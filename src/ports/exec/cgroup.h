#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace healer {

// A control group of its own for one sandbox: memory and process limits that children cannot leave.
class Cgroup {
 public:
  // v2 if it can be written, else v1; nullptr where neither can (no root, no delegation).
  static std::unique_ptr<Cgroup> make(std::int64_t memory_mib, std::int64_t processes_max);
  ~Cgroup();  // kills what is left in it and removes it

  int procs_fd() const { return procs_fd_; }  // writing "0" moves the writer into it
  std::string kind() const { return version_ == 2 ? "cgroup2" : "cgroup1"; }
  bool ran_out_of_memory() const;

 private:
  Cgroup(int version, std::string folder, std::string pids_folder);
  int version_;
  std::string folder_;
  std::string pids_folder_;  // v1 keeps process counts in another tree
  int procs_fd_ = -1;
};

// Resident memory of a process and all below it, MiB; for machines without control groups.
std::int64_t tree_memory_mib(pid_t root);

}  // namespace healer
