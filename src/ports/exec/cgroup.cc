#include "ports/exec/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace healer {
namespace {

namespace fs = std::filesystem;

bool write_file(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return ok;
}

std::string read_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::string fresh_name() {
  static std::atomic<int> next{0};
  return "healer-" + std::to_string(getpid()) + "-" + std::to_string(++next);
}

bool ends_in_zero(const std::string& text, const std::string& word) {
  const auto at = text.find(word + " ");
  return at == std::string::npos || text.compare(at + word.size() + 1, 1, "0") == 0;
}

void kill_all(const std::string& folder) {
  std::istringstream pids(read_file(folder + "/cgroup.procs"));
  for (pid_t pid = 0; pids >> pid;)
    if (pid > 1) kill(pid, SIGKILL);
}

}  // namespace

Cgroup::Cgroup(int version, std::string folder, std::string pids_folder)
    : version_(version), folder_(std::move(folder)), pids_folder_(std::move(pids_folder)) {
  procs_fd_ = open((folder_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
}

Cgroup::~Cgroup() {
  if (procs_fd_ >= 0) close(procs_fd_);
  // The kernel needs a moment to let killed processes go; the folder is removed when it is empty.
  for (int i = 0; i < 50; ++i) {
    kill_all(folder_);
    if (rmdir(folder_.c_str()) == 0) break;
    poll(nullptr, 0, 10);
  }
}

std::unique_ptr<Cgroup> Cgroup::make(std::int64_t memory_mib, std::int64_t processes_max) {
  const std::string name = fresh_name();
  const std::string bytes = std::to_string(memory_mib * 1024 * 1024);
  const std::string v2 = "/sys/fs/cgroup/" + name;
  if (fs::exists("/sys/fs/cgroup/cgroup.controllers") && mkdir(v2.c_str(), 0755) == 0) {
    if (write_file(v2 + "/memory.max", bytes)) {
      write_file(v2 + "/memory.swap.max", "0");
      write_file(v2 + "/memory.oom.group", "1");
      write_file(v2 + "/pids.max", std::to_string(processes_max));
      return std::unique_ptr<Cgroup>(new Cgroup(2, v2, ""));
    }
    rmdir(v2.c_str());
  }
  const std::string v1 = "/sys/fs/cgroup/memory/" + name;
  if (mkdir(v1.c_str(), 0755) == 0) {
    if (write_file(v1 + "/memory.limit_in_bytes", bytes)) {
      write_file(v1 + "/memory.memsw.limit_in_bytes", bytes);
      return std::unique_ptr<Cgroup>(new Cgroup(1, v1, ""));
    }
    rmdir(v1.c_str());
  }
  return nullptr;
}

bool Cgroup::ran_out_of_memory() const {
  const std::string events =
      read_file(folder_ + (version_ == 2 ? "/memory.events" : "/memory.oom_control"));
  return !ends_in_zero(events, "oom_kill");
}

std::int64_t tree_memory_mib(pid_t root) {
  std::map<pid_t, std::pair<pid_t, std::int64_t>> processes;  // pid -> parent, resident pages
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{}) continue;
    const std::string stat = read_file(entry.path() / "stat");
    const auto close = stat.rfind(')');
    if (close == std::string::npos) continue;
    std::istringstream rest(stat.substr(close + 2));
    std::string state;
    pid_t parent = 0;
    rest >> state >> parent;
    std::istringstream pages(read_file(entry.path() / "statm"));
    std::int64_t size = 0, resident = 0;
    pages >> size >> resident;
    processes[pid] = {parent, resident};
  }
  std::int64_t total = 0;
  for (const auto& [pid, facts] : processes) {
    pid_t at = pid;
    for (int depth = 0; depth < 64 && at != root && processes.contains(at); ++depth)
      at = processes[at].first;
    if (at == root) total += facts.second;
  }
  return total * sysconf(_SC_PAGESIZE) / (1024 * 1024);
}

}  // namespace healer
