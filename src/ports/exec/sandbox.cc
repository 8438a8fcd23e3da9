#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>

#include "ports/exec/cgroup.h"
#include "ports/exec/process.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

// System calls that no check of a repository needs and that kernels have been broken with.
constexpr std::array kDenied{SCMP_SYS(ptrace),
                             SCMP_SYS(mount),
                             SCMP_SYS(umount2),
                             SCMP_SYS(pivot_root),
                             SCMP_SYS(bpf),
                             SCMP_SYS(userfaultfd),
                             SCMP_SYS(perf_event_open),
                             SCMP_SYS(io_uring_setup),
                             SCMP_SYS(io_uring_enter),
                             SCMP_SYS(io_uring_register),
                             SCMP_SYS(keyctl),
                             SCMP_SYS(add_key),
                             SCMP_SYS(request_key),
                             SCMP_SYS(init_module),
                             SCMP_SYS(finit_module),
                             SCMP_SYS(delete_module),
                             SCMP_SYS(kexec_load),
                             SCMP_SYS(reboot),
                             SCMP_SYS(swapon),
                             SCMP_SYS(swapoff),
                             SCMP_SYS(acct),
                             SCMP_SYS(settimeofday),
                             SCMP_SYS(clock_settime),
                             SCMP_SYS(open_by_handle_at),
                             SCMP_SYS(process_vm_readv),
                             SCMP_SYS(process_vm_writev),
                             SCMP_SYS(setns),
                             SCMP_SYS(unshare),
                             SCMP_SYS(move_mount),
                             SCMP_SYS(open_tree),
                             SCMP_SYS(fsopen),
                             SCMP_SYS(quotactl)};

struct FilterFree {
  void operator()(void* filter) const { seccomp_release(filter); }
};

// A memory file with the compiled filter, -1 where libseccomp refuses.
int seccomp_file() {
  const std::unique_ptr<void, FilterFree> filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return -1;
  for (const int call : kDenied) seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
  const int fd = memfd_create("seccomp", MFD_CLOEXEC);
  if (fd < 0) return -1;
  if (seccomp_export_bpf(filter.get(), fd) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

void add(std::vector<std::string>& argv, std::initializer_list<std::string> words) {
  argv.insert(argv.end(), words);
}

void add_system(std::vector<std::string>& argv) {
  add(argv, {"--ro-bind", "/usr", "/usr"});
  for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64"}) {
    std::error_code error;
    if (fs::is_symlink(name, error))
      add(argv, {"--symlink", fs::read_symlink(name, error).string(), name});
    else if (fs::exists(name, error))
      add(argv, {"--ro-bind", name, name});
  }
  for (const char* name :
       {"/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl", "/etc/ca-certificates", "/etc/passwd",
        "/etc/group", "/etc/nsswitch.conf", "/etc/localtime", "/etc/mime.types",
        "/etc/java-17-openjdk"})
    add(argv, {"--ro-bind-try", name, name});
}

// The tree is copied so that the check may write; the script is ours and constant, argv stays argv.
constexpr const char* kCopyAndRun = "cp -a /tree/. /work/ && cd /work && exec \"$@\"";

std::vector<std::string> bubblewrap(const SandboxCommand& command, int seccomp_fd) {
  std::vector<std::string> argv{"bwrap",
                                "--unshare-all",
                                "--unshare-user",
                                "--disable-userns",
                                "--die-with-parent",
                                "--new-session",
                                "--cap-drop",
                                "ALL",
                                "--clearenv"};
  if (seccomp_fd >= 0) add(argv, {"--seccomp", std::to_string(seccomp_fd)});
  add_system(argv);
  const std::string bytes = std::to_string(command.disk_mib * 1024 * 1024);
  const std::string small =
      std::to_string(std::max<std::int64_t>(command.disk_mib / 4, 16) * 1024 * 1024);
  add(argv, {"--proc", "/proc", "--dev", "/dev", "--size", bytes, "--tmpfs", "/work", "--size",
             small, "--tmpfs", "/tmp", "--ro-bind", command.tree, "/tree", "--chdir", "/work"});
  std::map<std::string, std::string> env{
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", "/work"},
      {"LANG", "C.UTF-8"},
      {"CI", "true"},
      {"TMPDIR", "/tmp"},
      {"PYTHONDONTWRITEBYTECODE", "1"}};
  for (const auto& [name, value] : command.env) env[name] = value;
  for (const auto& [name, value] : env) add(argv, {"--setenv", name, value});
  add(argv, {"--", "/bin/sh", "-c", kCopyAndRun, "sh"});
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  return argv;
}

// In the child: limits, then away from root. Only async-signal-safe calls.
bool restrict_child(const SandboxCommand& command) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const auto count = static_cast<rlim_t>(command.processes_max);
  const rlimit processes{count, count};
  if (geteuid() == 0) {
    if (setresgid(kSandboxUid, kSandboxUid, kSandboxUid) != 0) return false;
    if (setresuid(kSandboxUid, kSandboxUid, kSandboxUid) != 0) return false;
    setrlimit(RLIMIT_NPROC, &processes);
  }
  return true;
}

Result<ProcessResult> run_restricted(const SandboxCommand& command) {
  const int seccomp_fd = seccomp_file();
  auto group = Cgroup::make(command.memory_mib, command.processes_max);
  ProcessSetup setup;
  setup.argv = bubblewrap(command, seccomp_fd);
  setup.env = environment({});
  setup.timeout = command.timeout;
  setup.output_bytes_max = command.output_bytes_max;
  if (seccomp_fd >= 0) setup.keep_fds = {seccomp_fd};
  const int group_fd = group ? group->procs_fd() : -1;
  setup.in_child = [&command, group_fd] {
    // Writing "0" moves the writer itself: the group is joined before anything of the check runs.
    if (group_fd >= 0 && write(group_fd, "0", 1) != 1) return false;
    return restrict_child(command);
  };
  if (!group)
    setup.over_limit = [&command](pid_t pid) { return tree_memory_mib(pid) > command.memory_mib; };
  auto result = run_process(setup);
  if (seccomp_fd >= 0) close(seccomp_fd);
  if (result && group && group->ran_out_of_memory()) result->out_of_memory = true;
  return result;
}

}  // namespace

SandboxSupport SystemExecutor::sandbox_support() {
  static std::mutex mutex;
  static std::unique_ptr<SandboxSupport> known;
  std::lock_guard lock(mutex);
  if (known) return *known;
  SandboxSupport out;
  SandboxCommand probe;
  probe.argv = {"/bin/true"};
  probe.tree = "/usr/share/doc/bubblewrap";  // any small folder that everybody may read
  probe.timeout = Millis(10'000);
  std::error_code error;
  if (!fs::exists(probe.tree, error)) probe.tree = "/usr/share/base-files";
  auto result = run_restricted(probe);
  if (!result)
    out.reason = result.error().message + "; install the package bubblewrap";
  else if (!result->ok())
    out.reason = "bubblewrap cannot make its namespaces: " + result->err;
  else
    out.available = true;
  const auto group = Cgroup::make(64, 64);
  out.memory_limit = group ? group->kind() : "watcher";
  known = std::make_unique<SandboxSupport>(out);
  return out;
}

Result<ProcessResult> SystemExecutor::run_sandboxed(const SandboxCommand& command) {
  const SandboxSupport support = sandbox_support();
  if (!support.available)
    return fail(Errc::unsupported, "no sandbox, so nothing runs: " + support.reason);
  return run_restricted(command);
}

}  // namespace healer
