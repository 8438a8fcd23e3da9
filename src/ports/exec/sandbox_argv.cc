#include "ports/exec/sandbox_argv.h"

#include <algorithm>
#include <filesystem>

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kUidInside = 1000;
constexpr std::int64_t kSmallDiskMibMin = 16;

// The tree is copied so that the check may write. This text is constant; argv stays argv.
constexpr const char* kCopyAndRun =
    R"(cp -a /tree/. /work/ || exit 1; cd /work && printf 1 >&9 && exec 9>&- && exec "$@")";
constexpr const char* kRun = R"(cd /work && printf 1 >&9 && exec 9>&- && exec "$@")";

void add(std::vector<std::string>& argv, std::initializer_list<std::string> words) {
  argv.insert(argv.end(), words);
}

std::string mib(std::int64_t count) { return std::to_string(count * 1024 * 1024); }

unsigned uid_inside(const SandboxMeans& means) {
  return means.user_namespace ? kUidInside : kSandboxUid;
}

void add_namespaces(std::vector<std::string>& argv, const SandboxMeans& means) {
  if (means.user_namespace) {
    const std::string uid = std::to_string(kUidInside);
    add(argv, {"--unshare-all", "--unshare-user", "--uid", uid, "--gid", uid});
    if (means.no_further_ones) add(argv, {"--disable-userns"});
    add(argv, {"--cap-drop", "ALL"});
  } else {
    add(argv, {"--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
               "--unshare-cgroup-try", "--cap-drop", "ALL"});
    for (const char* needed : {"CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"})
      add(argv, {"--cap-add", needed});  // setpriv gives them up again
  }
  add(argv, {"--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv",
             "--seccomp", std::to_string(kSeccompFd), "--info-fd", std::to_string(kInfoFd)});
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
  // Only what programs cannot start without; keys, credentials and names of users stay outside.
  for (const char* name :
       {"/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
        "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/services", "/etc/protocols"})
    add(argv, {"--ro-bind-try", name, name});
  std::error_code error;
  for (fs::directory_iterator at("/etc", error), end; !error && at != end; at.increment(error))
    if (at->path().filename().string().starts_with("java-"))
      add(argv, {"--ro-bind-try", at->path(), at->path()});
}

void add_disks(std::vector<std::string>& argv, const SandboxCommand& command) {
  const std::string small = mib(std::max(command.disk_mib / 4, kSmallDiskMibMin));
  add(argv, {"--proc", "/proc", "--dev", "/dev"});
  for (const char* path : {"/dev/shm", "/tmp"})
    add(argv, {"--perms", "1777", "--size", small, "--tmpfs", path});
  if (command.writes_tree)
    add(argv, {"--bind", command.tree, "/work"});
  else
    add(argv, {"--perms", "0777", "--size", mib(command.disk_mib), "--tmpfs", "/work"});
  if (!command.tree.empty() && !command.writes_tree)
    add(argv, {"--ro-bind", command.tree, "/tree"});
  // After the rooms, which would hide what lies below them.
  for (const auto& path : command.read_only) add(argv, {"--ro-bind", path, path});
}

void add_environment(std::vector<std::string>& argv, const SandboxCommand& command) {
  std::map<std::string, std::string> env{
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", "/work"},
      {"USER", "check"},
      {"LANG", "C.UTF-8"},
      {"CI", "true"},
      {"TMPDIR", "/tmp"},
      {"PYTHONDONTWRITEBYTECODE", "1"}};
  for (const auto& [name, value] : command.env) env[name] = value;
  for (const auto& [name, value] : env) add(argv, {"--setenv", name, value});
}

}  // namespace

std::vector<EtcFile> etc_files(const SandboxMeans& means) {
  const std::string uid = std::to_string(uid_inside(means));
  return {
      {"/etc/passwd", "root:x:0:0:root:/work:/bin/sh\ncheck:x:" + uid + ":" + uid +
                          ":check:/work:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"},
      {"/etc/group", "root:x:0:\ncheck:x:" + uid + ":\nnogroup:x:65534:\n"},
      {"/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"},
      {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\nservices: files\n"},
  };
}

std::vector<std::string> sandbox_argv(const SandboxCommand& command, const SandboxMeans& means) {
  std::vector<std::string> argv{"bwrap"};
  add_namespaces(argv, means);
  add_system(argv);
  add_disks(argv, command);
  int fd = kFirstFileFd;
  for (const auto& file : etc_files(means))
    add(argv, {"--perms", "0644", "--ro-bind-data", std::to_string(fd++), file.path});
  // Last, when all mount points are made: without this the room of both is half the memory.
  add(argv, {"--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/work"});
  add_environment(argv, command);
  add(argv, {"--"});
  if (!means.user_namespace) {
    const std::string uid = std::to_string(kSandboxUid);
    add(argv, {"setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "--inh-caps=-all",
               "--bounding-set=-all", "--no-new-privs", "--"});
  }
  // Set inside, the number of processes is that of this user namespace alone, not of the uid.
  add(argv, {"prlimit", "--core=0:0", "--nproc=" + std::to_string(command.processes_max)});
  if (command.writes_tree) add(argv, {"--fsize=" + mib(command.disk_mib)});
  const bool copies = !command.tree.empty() && !command.writes_tree;
  add(argv, {"--", "sh", "-c", copies ? kCopyAndRun : kRun, "sh"});
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  return argv;
}

}  // namespace healer
