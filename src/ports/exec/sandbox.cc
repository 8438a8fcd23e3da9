#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>

#include "base/metrics.h"
#include "ports/exec/cgroup.h"
#include "ports/exec/process.h"
#include "ports/exec/sandbox_argv.h"
#include "ports/exec/seccomp.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr int kLastProcessMs = 5000;
constexpr int kFolderWatchEvery = 10;  // periods of the memory watch

Result<Fd> memory_file(const std::string& text) {
  Fd file(memfd_create("etc", MFD_CLOEXEC));
  if (file.get() < 0 ||
      write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      lseek(file.get(), 0, SEEK_SET) != 0)
    return fail(Errc::io, std::string("cannot make a memory file: ") + std::strerror(errno));
  return out_of_the_way(std::move(file));
}

// In the child. Where memory is short for the whole machine, the check goes first.
void offer_to_the_oom_killer() {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd >= 0) [[maybe_unused]]
    const auto written = write(fd, "500", 3);
}

// In the child. The system calls themselves: the library's wrappers want to tell other threads.
bool leave_root() {
  if (geteuid() != 0) return true;
  return syscall(SYS_setgroups, 0, nullptr) == 0 &&
         syscall(SYS_setresgid, kSandboxUid, kSandboxUid, kSandboxUid) == 0 &&
         syscall(SYS_setresuid, kSandboxUid, kSandboxUid, kSandboxUid) == 0;
}

std::function<Excess(pid_t)> watch(const SandboxCommand& command, bool memory) {
  if (!memory && !command.writes_tree) return {};
  return [&command, memory, turn = 0](pid_t pid) mutable {
    if (memory && tree_memory_mib(pid) > command.memory_mib) return Excess::memory;
    if (command.writes_tree && ++turn % kFolderWatchEvery == 0 &&
        folder_mib(command.tree, command.disk_mib) > command.disk_mib)
      return Excess::disk;
    return Excess::none;
  };
}

// What went wrong before argv was started.
std::unexpected<Error> not_started(const SandboxCommand& command, const ProcessResult& result) {
  if (result.err.find("No space left on device") != std::string::npos)
    return fail(Errc::full, "the tree does not fit into the " + std::to_string(command.disk_mib) +
                                " MiB of the sandbox");
  if (result.timed_out)
    return fail(Errc::timeout, "copying the tree into the sandbox took longer than " +
                                   format_duration(command.timeout));
  if (result.out_of_memory)
    return fail(Errc::full, "the tree does not fit into the " + std::to_string(command.memory_mib) +
                                " MiB of the sandbox");
  return fail(Errc::io, "the sandbox was not made: " + result.err);
}

std::string read_now(const Fd& fd) {
  std::array<char, 512> buffer{};
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  const ssize_t n = read(fd.get(), buffer.data(), buffer.size());
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

// bubblewrap ends before the last process inside does. The first one inside ends after all others,
// and only then nothing writes to a tree any more.
void wait_for_all_inside(const std::string& info) {
  const std::string_view key = "\"child-pid\":";
  const auto at = info.find(key);
  if (at == std::string::npos) return;
  const int first = std::atoi(info.c_str() + at + key.size());
  const Fd watched(static_cast<int>(syscall(SYS_pidfd_open, first, 0)));
  pollfd ended{watched.get(), POLLIN, 0};
  if (watched.get() >= 0 && poll(&ended, 1, kLastProcessMs) == 0)
    ++Metrics::counter("sandbox_processes_left");
}

void count_limits(const ProcessResult& result) {
  if (result.out_of_memory) ++Metrics::counter("sandbox_memory_limit_hits");
  if (result.out_of_disk) ++Metrics::counter("sandbox_disk_limit_hits");
}

Result<ProcessResult> run_in_sandbox(const SandboxCommand& command, const SandboxMeans& means,
                                     std::stop_token stop) {
  const Fd seccomp = TRY(seccomp_file());
  Pipe status = TRY(make_pipe()), info = TRY(make_pipe());
  std::vector<Fd> files;
  ProcessSetup setup;
  setup.fds = {
      {status.write.get(), kStatusFd}, {seccomp.get(), kSeccompFd}, {info.write.get(), kInfoFd}};
  for (const auto& file : etc_files(means)) {
    files.push_back(TRY(memory_file(file.text)));
    setup.fds.push_back({files.back().get(), kFirstFileFd + static_cast<int>(files.size()) - 1});
  }
  const auto group =
      means.control_group ? Cgroup::make(command.memory_mib, command.processes_max) : nullptr;
  if (means.control_group && !group)
    return fail(Errc::io, "no control group can be made for the sandbox");
  setup.argv = sandbox_argv(command, means);
  setup.env = environment({});
  setup.timeout = command.timeout;
  setup.output_bytes_max = command.output_bytes_max;
  setup.cancel = {command.cancel, std::move(stop)};
  setup.over_limit = watch(command, group == nullptr);
  setup.in_child = [&group, &means] {
    if (group && !group->join()) return false;
    offer_to_the_oom_killer();
    return !means.user_namespace || leave_root();
  };
  auto result = run_process(setup);
  wait_for_all_inside(read_now(info.read));
  if (!result) return result;
  if (group && group->ran_out_of_memory()) result->out_of_memory = true;
  count_limits(*result);
  if (read_now(status.read).empty()) return not_started(command, *result);
  return result;
}

std::string first_word(const std::string& path) {
  std::string out;
  std::ifstream(path) >> out;
  return out;
}

// The usual causes, in the words of who can change them.
std::string advice() {
  if (first_word("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
    return "AppArmor forbids user namespaces; sysctl kernel.apparmor_restrict_unprivileged_userns=0"
           " or a profile for bwrap allows them";
  if (first_word("/proc/sys/kernel/unprivileged_userns_clone") == "0")
    return "sysctl kernel.unprivileged_userns_clone=1 allows user namespaces";
  if (first_word("/proc/sys/user/max_user_namespaces") == "0")
    return "sysctl user.max_user_namespaces is 0";
  return "a container must be allowed to make user namespaces (Docker: --security-opt "
         "seccomp=unconfined --security-opt apparmor=unconfined); in a chroot nothing can";
}

struct Known {
  SandboxSupport support;
  SandboxMeans means;
};

std::vector<SandboxMeans> means_to_try() {
  std::vector<SandboxMeans> out;
  for (const bool no_further_ones : {true, false})
    for (const bool control_group : {true, false})
      out.push_back({true, no_further_ones, control_group});
  if (geteuid() == 0)
    for (const bool control_group : {true, false}) out.push_back({false, false, control_group});
  return out;
}

std::string memory_limit(const SandboxMeans& means) {
  const auto group = means.control_group ? Cgroup::make(64, 64) : nullptr;
  return group ? group->kind() : "watcher";
}

Known try_all() {
  SandboxCommand probe;
  probe.argv = {"true"};
  probe.timeout = Millis(10'000);
  Known out;
  for (const auto& means : means_to_try()) {
    const auto result = run_in_sandbox(probe, means, {});
    if (result && result->ok()) {
      out = {{.available = true, .reason = {}, .memory_limit = memory_limit(means)}, means};
      return out;
    }
    if (!result && result.error().code == Errc::not_found) {
      out.support.reason = result.error().message + "; install the package bubblewrap";
      return out;
    }
    if (out.support.reason.empty() && !means.control_group)
      out.support.reason = "bubblewrap cannot make its namespaces (" +
                           (result ? result->err : result.error().message) + "): " + advice();
  }
  return out;
}

// Tried again until it works: what was missing may be installed while healer runs.
Known known() {
  static std::mutex mutex;
  static std::optional<Known> found;
  std::lock_guard lock(mutex);
  if (found) return *found;
  Known now = try_all();
  if (now.support.available) found = now;
  return now;
}

}  // namespace

SandboxSupport SystemExecutor::sandbox_support() { return known().support; }

Result<ProcessResult> SystemExecutor::run_sandboxed(const SandboxCommand& command) {
  if (command.argv.empty()) return fail(Errc::invalid_input, "there is no program to run");
  std::error_code error;
  if (!command.tree.empty() && !fs::is_directory(command.tree, error))
    return fail(Errc::not_found, "there is no folder " + command.tree);
  if (command.tree.empty() && command.writes_tree)
    return fail(Errc::invalid_input, "there is no tree to write");
  const Known here = known();
  if (!here.support.available)
    return fail(Errc::unsupported, "no sandbox, so nothing runs: " + here.support.reason);
  return run_in_sandbox(command, here.means, stop_);
}

}  // namespace healer
