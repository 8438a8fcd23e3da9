#include "ports/exec/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMount = "/sys/fs/cgroup";
constexpr const char* kPrefix = "healer-";
constexpr int kRemoveTries = 100;

bool write_file(const std::string& path, const std::string& text) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd.get() < 0) return false;
  return write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string read_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

// A range-for would throw where a process ends while it is looked at.
template <class Visit>
void each_entry(const std::string& folder, Visit visit) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    visit(at->path());
}

// The time keeps a number that the system used before from meeting an old group.
std::string fresh_name() {
  static std::atomic<int> next{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return kPrefix + std::to_string(getpid()) + "-" + std::to_string(++next) + "-" +
         std::to_string(now);
}

// Where this process is in the tree of `controller` ("" is v2), "/" where that is not said.
std::string own_path(const std::string& controller) {
  std::istringstream lines(read_file("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controller) return line.substr(second + 1);
  }
  return "/";
}

// Groups of a healer that was killed: empty by now, because a sandbox dies with its parent.
void remove_abandoned(const std::string& parent) {
  each_entry(parent, [](const fs::path& path) {
    const std::string name = path.filename();
    if (!name.starts_with(kPrefix)) return;
    pid_t owner = 0;
    const char* digits = name.data() + std::string_view(kPrefix).size();
    std::from_chars(digits, name.data() + name.size(), owner);
    if (owner > 0 && kill(owner, 0) != 0 && errno == ESRCH) rmdir(path.c_str());
  });
}

// Parents to try, the most modest first: inside our own group the limits around us still hold.
const std::vector<std::string>& parents(const std::string& controller) {
  static std::mutex mutex;
  static std::map<std::string, std::vector<std::string>> known;
  std::lock_guard lock(mutex);
  auto& out = known[controller];
  if (!out.empty()) return out;
  const std::string mount = controller.empty() ? kMount : std::string(kMount) + "/" + controller;
  const fs::path own = mount + own_path(controller);
  // v2 allows no group beside processes: there it is a sister of ours.
  out = {controller.empty() ? own.parent_path().string() : own.string(), mount};
  for (const auto& parent : out) remove_abandoned(parent);
  return out;
}

std::string make_group(const std::string& controller, const std::string& file,
                       const std::string& limit) {
  const std::string name = fresh_name();
  for (const auto& parent : parents(controller)) {
    const std::string folder = parent + "/" + name;
    if (!folder.starts_with(kMount) || mkdir(folder.c_str(), 0755) != 0) continue;
    if (write_file(folder + "/" + file, limit)) return folder;
    rmdir(folder.c_str());
  }
  return {};
}

bool any_killed(const std::string& events) {
  const std::string word = "oom_kill ";
  const auto at = events.find(word);
  return at != std::string::npos && events.compare(at + word.size(), 1, "0") != 0;
}

void kill_all(const std::string& folder) {
  std::istringstream pids(read_file(folder + "/cgroup.procs"));
  for (pid_t pid = 0; pids >> pid;)
    if (pid > 1) kill(pid, SIGKILL);
}

void add_children(pid_t pid, std::vector<pid_t>& out) {
  each_entry("/proc/" + std::to_string(pid) + "/task", [&](const fs::path& task) {
    std::istringstream children(read_file(task / "children"));
    for (pid_t child = 0; children >> child;) out.push_back(child);
  });
}

}  // namespace

bool Cgroup::add(const std::string& folder) {
  if (folder.empty()) return false;
  Fd procs(open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  procs_[folders_.size()] = std::move(procs);
  folders_.push_back(folder);
  return procs_[folders_.size() - 1].get() >= 0;
}

Cgroup::~Cgroup() {
  // The kernel needs a moment to let killed processes go; a folder is removed when it is empty.
  for (const auto& folder : folders_)
    for (int i = 0; i < kRemoveTries && rmdir(folder.c_str()) != 0 && errno == EBUSY; ++i) {
      kill_all(folder);
      poll(nullptr, 0, i < 10 ? 1 : 10);
    }
}

std::unique_ptr<Cgroup> Cgroup::make(std::int64_t memory_mib, std::int64_t processes_max) {
  const std::string bytes = std::to_string(memory_mib * 1024 * 1024);
  const std::string count = std::to_string(processes_max);
  std::error_code error;
  if (fs::exists(std::string(kMount) + "/cgroup.controllers", error)) {
    std::unique_ptr<Cgroup> out(new Cgroup(2));
    const std::string folder = make_group("", "memory.max", bytes);
    if (!out->add(folder)) return nullptr;
    write_file(folder + "/memory.swap.max", "0");
    write_file(folder + "/memory.oom.group", "1");
    write_file(folder + "/pids.max", count);
    return out;
  }
  std::unique_ptr<Cgroup> out(new Cgroup(1));
  const std::string memory = make_group("memory", "memory.limit_in_bytes", bytes);
  if (!out->add(memory)) return nullptr;
  write_file(memory + "/memory.memsw.limit_in_bytes", bytes);
  out->add(make_group("pids", "pids.max", count));  // RLIMIT_NPROC counts where this cannot
  return out;
}

bool Cgroup::join() const {
  // Writing "0" moves the writer itself.
  for (const auto& procs : procs_)
    if (procs.get() >= 0 && write(procs.get(), "0", 1) != 1) return false;
  return true;
}

bool Cgroup::ran_out_of_memory() const {
  return any_killed(
      read_file(folders_.front() + (version_ == 2 ? "/memory.events" : "/memory.oom_control")));
}

std::int64_t tree_memory_mib(pid_t root) {
  std::int64_t pages = 0;
  std::vector<pid_t> left{root};
  while (!left.empty()) {
    const pid_t pid = left.back();
    left.pop_back();
    std::istringstream sizes(read_file("/proc/" + std::to_string(pid) + "/statm"));
    std::int64_t size = 0, resident = 0;
    sizes >> size >> resident;
    pages += resident;
    add_children(pid, left);
  }
  return pages * sysconf(_SC_PAGESIZE) / (1024 * 1024);
}

std::int64_t folder_mib(const std::string& folder, std::int64_t enough) {
  constexpr std::int64_t kBlock = 4096, kMib = 1024 * 1024;
  std::int64_t bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error), end;
  while (!error && at != end && bytes / kMib <= enough) {
    struct stat facts{};
    // Blocks, not length: a file with holes takes no room.
    if (lstat(at->path().c_str(), &facts) == 0)
      bytes += std::max<std::int64_t>(facts.st_blocks * 512, kBlock);
    at.increment(error);
  }
  return bytes / kMib;
}

}  // namespace healer
