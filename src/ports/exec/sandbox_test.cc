#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ports/exec/cgroup.h"
#include "ports/exec/exec.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

std::string read_all(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

// Whether some process of this machine has `mark` among its arguments; waits for killed ones to go.
bool anything_left(const std::string& mark) {
  const auto there = [&] {
    std::error_code error;
    for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error))
      if (read_all(at->path() / "cmdline").find(mark) != std::string::npos) return true;
    return false;
  };
  for (int i = 0; i < 300 && there(); ++i) poll(nullptr, 0, 10);
  return there();
}

class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), length), 0);
    listen(fd_, 8);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
  }
  ~Listener() { close(fd_); }
  int port = 0;

 private:
  int fd_;
};

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto support = executor.sandbox_support();
    if (!support.available) GTEST_SKIP() << "SKIPPED, NO SANDBOX HERE: " << support.reason;
    char name[] = "/tmp/healer-sandbox-XXXXXX";
    tree = mkdtemp(name);
    chmod(tree.c_str(), 0755);
    std::ofstream(tree + "/file") << "hello\n";
  }
  void TearDown() override {
    if (!tree.empty()) fs::remove_all(tree);
  }
  Result<ProcessResult> sh(const std::string& script, SandboxCommand command = {}) {
    command.argv = {"sh", "-c", script};
    if (command.tree.empty()) command.tree = tree;
    auto result = executor.run_sandboxed(command);
    EXPECT_TRUE(result) << result.error().message;
    return result;
  }
  std::string out(const std::string& script, SandboxCommand command = {}) {
    const auto result = sh(script, std::move(command));
    return result ? result->out : "";
  }
  SystemExecutor executor;
  std::string tree;
};

TEST_F(Sandbox, SeesACopyOfTheTreeAndMayWriteIt) {
  EXPECT_EQ(out("cat file && echo more >file && cat file && pwd"), "hello\nmore\n/work\n");
  EXPECT_EQ(read_all(tree + "/file"), "hello\n");
}

TEST_F(Sandbox, ModesAndLinksOfTheTreeAreKept) {
  std::ofstream(tree + "/run") << "#!/bin/sh\necho ran\n";
  chmod((tree + "/run").c_str(), 0755);
  fs::create_symlink("run", tree + "/link");
  EXPECT_EQ(out("./link"), "ran\n");
}

TEST_F(Sandbox, ReachesNoServiceOfThisMachine) {
  const Listener listener;
  const std::string address = "/dev/tcp/127.0.0.1/" + std::to_string(listener.port);
  const std::string script = "exec 3<>" + address + " && echo connected || echo refused";
  ASSERT_EQ(executor.run({.argv = {"bash", "-c", script}})->out, "connected\n");
  EXPECT_EQ(out("exec bash -c '" + script + "' 2>/dev/null"), "refused\n");
}

TEST_F(Sandbox, HasALoopbackOfItsOwn) {
  const auto result = sh(R"(perl -MIO::Socket::INET -e '
    $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die "listen: $!";
    IO::Socket::INET->new(PeerAddr => "localhost", PeerPort => $s->sockport) or die "connect: $!";
    print "met\n"')");
  EXPECT_EQ(result->out, "met\n") << result->err;
}

TEST_F(Sandbox, SeesNothingOfThisMachinesUsers) {
  std::ofstream("/tmp/healer-sandbox-secret-" + std::to_string(getpid())) << "secret";
  const auto result =
      sh("ls -d /root /home /var /sys /run /mnt /etc/shadow /etc/ssh "
         "/etc/ssl/private /tmp/healer-sandbox-* 2>/dev/null; cat /etc/passwd");
  fs::remove("/tmp/healer-sandbox-secret-" + std::to_string(getpid()));
  EXPECT_EQ(result->out.find("root:x:0:0:root:/work"), 0U) << result->out;
  EXPECT_EQ(std::ranges::count(result->out, '\n'), 3) << result->out;
  EXPECT_EQ(out("ls /proc | grep -c '^[0-9]*$'").size(), 2U) << "a handful of processes";
  EXPECT_EQ(out("hostname; whoami; grep -c . /etc/hosts"), "sandbox\ncheck\n2\n");
}

TEST_F(Sandbox, InheritsNoEnvironmentAndNoFiles) {
  setenv("HEALER_TEST_LEAK", "x", 1);
  const std::string env = out("env", {.env = {{"A", "b"}}});
  EXPECT_EQ(env.find("HEALER_TEST_LEAK"), std::string::npos) << env;
  EXPECT_NE(env.find("A=b\n"), std::string::npos) << env;
  EXPECT_EQ(out("ls /proc/$$/fd; true"), "0\n1\n2\n");
}

TEST_F(Sandbox, WritesNowhereButInItsOwnRooms) {
  EXPECT_EQ(out("for d in / /usr /etc /dev /proc /tree; do touch $d/x 2>/dev/null && echo $d; done;"
                "for d in /work /tmp /dev/shm; do touch $d/x && echo $d; done"),
            "/work\n/tmp\n/dev/shm\n");
}

TEST_F(Sandbox, HasNoRights) {
  EXPECT_EQ(out("grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp|Groups):' /proc/self/status "
                "| tr -d ' \\t'"),
            "Groups:\nCapPrm:0000000000000000\nCapEff:0000000000000000\nCapBnd:0000000000000000\n"
            "NoNewPrivs:1\nSeccomp:2\n");
  EXPECT_NE(sh("unshare -U true")->exit_code, 0) << "no namespaces of its own";
  EXPECT_NE(sh("mount -t tmpfs none /tmp")->exit_code, 0);
  EXPECT_NE(sh("dmesg")->exit_code, 0);
}

TEST_F(Sandbox, ExitCodesAndSignalsComeThrough) {
  EXPECT_EQ(sh("exit 7")->exit_code, 7);
  EXPECT_EQ(sh("kill -SEGV $$")->exit_code, 139);
  EXPECT_EQ(sh("echo bad >&2; exit 1")->err, "bad\n");
  const auto missing = executor.run_sandboxed({.argv = {"/nonexistent"}, .tree = tree});
  ASSERT_TRUE(missing) << missing.error().message;
  EXPECT_EQ(missing->exit_code, 127);
}

TEST_F(Sandbox, AForkBombIsBounded) {
  const std::string mark = "7351." + std::to_string(getpid());
  const auto result = sh("b() { sleep " + mark + " & b | b & }; b; wait; echo over; sleep " + mark,
                         {.timeout = Millis(1500), .processes_max = 40});
  EXPECT_TRUE(result->timed_out || result->exit_code != 0) << result->exit_code;
  EXPECT_FALSE(anything_left(mark));
  EXPECT_TRUE(sh("true")->ok()) << "the next one is not hindered";
}

TEST_F(Sandbox, TheNumberOfProcessesIsItsOwn) {
  const std::string script = "n=0; while [ $n -lt 60 ]; do sleep 100 & n=$((n+1)); done; echo all";
  EXPECT_EQ(out(script, {.processes_max = 40}), "");
  EXPECT_EQ(out(script, {.processes_max = 80}), "all\n");
}

TEST_F(Sandbox, AMemoryHogIsKilled) {
  const auto result = sh("perl -e '$x = \"x\" x (400*1024*1024); print \"survived\"'",
                         {.timeout = Millis(20'000), .memory_mib = 64});
  EXPECT_EQ(result->out, "");
  EXPECT_TRUE(result->out_of_memory) << result->err;
  EXPECT_FALSE(result->ok());
}

TEST_F(Sandbox, ADiskFillerOnlyFillsItsOwn) {
  for (const std::string room : {"/work", "/tmp", "/dev/shm"}) {
    const auto result = sh("dd if=/dev/zero of=" + room + "/big bs=1M count=200 2>&1; echo end",
                           {.timeout = Millis(20'000), .disk_mib = 16});
    EXPECT_NE(result->out.find("No space left"), std::string::npos) << room << result->out;
    EXPECT_TRUE(result->out.ends_with("end\n"));
  }
}

TEST_F(Sandbox, ATreeThatDoesNotFitIsNoVerdict) {
  std::ofstream(tree + "/big") << std::string(3 << 20, 'x');
  const auto result = executor.run_sandboxed({.argv = {"true"}, .tree = tree, .disk_mib = 2});
  ASSERT_FALSE(result) << "the check did not run, so it did not fail either";
  EXPECT_EQ(result.error().code, Errc::full) << result.error().message;
}

TEST_F(Sandbox, WhatIsNotThereIsNoVerdict) {
  EXPECT_EQ(executor.run_sandboxed({.argv = {"true"}, .tree = "/nonexistent"}).error().code,
            Errc::not_found);
  EXPECT_EQ(executor.run_sandboxed({.argv = {"true"}, .read_only = {"/nonexistent"}}).error().code,
            Errc::io);
}

TEST_F(Sandbox, AHangIsEndedWithAllItStarted) {
  const std::string mark = "7352." + std::to_string(getpid());
  const auto result =
      sh("setsid sleep " + mark + " & (sleep " + mark + " &); exec >&- 2>&-; sleep " + mark,
         {.timeout = Millis(400)});
  EXPECT_TRUE(result->timed_out);
  EXPECT_FALSE(anything_left(mark));
}

TEST_F(Sandbox, WhatItLeavesRunningDiesWithIt) {
  const std::string mark = "7353." + std::to_string(getpid());
  EXPECT_TRUE(sh("setsid sleep " + mark + " >/dev/null 2>&1 & echo started")->ok());
  EXPECT_FALSE(anything_left(mark));
}

TEST_F(Sandbox, AFloodOfOutputIsBounded) {
  const auto result =
      sh("head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2", {.output_bytes_max = 1000});
  EXPECT_TRUE(result->truncated);
  EXPECT_EQ(result->out.size(), 1000U);
  EXPECT_EQ(result->err.size(), 1000U);
}

TEST_F(Sandbox, MoreOfTheSystemMayBeShown) {
  char name[] = "/tmp/healer-tools-XXXXXX";
  const std::string tools = mkdtemp(name);
  chmod(tools.c_str(), 0755);
  std::ofstream(tools + "/tool") << "tool\n";
  EXPECT_EQ(out("cat " + tools + "/tool; touch " + tools + "/x 2>/dev/null && echo wrote",
                {.read_only = {tools}}),
            "tool\n");
  fs::remove_all(tools);
}

TEST_F(Sandbox, MayWriteTheTreeItselfWithinItsRoom) {
  if (geteuid() == 0) {
    ASSERT_EQ(chown(tree.c_str(), kSandboxUid, kSandboxUid), 0);
  }
  EXPECT_TRUE(sh("echo new >made", {.writes_tree = true})->ok());
  EXPECT_EQ(read_all(tree + "/made"), "new\n");
  const auto one =
      sh("dd if=/dev/zero of=big bs=1M count=64", {.disk_mib = 4, .writes_tree = true});
  EXPECT_NE(one->exit_code, 0) << "one large file";
  EXPECT_LE(folder_mib(tree, 100), 5);
  const auto many = sh("i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero >f$i; done",
                       {.timeout = Millis(20'000), .disk_mib = 4, .writes_tree = true});
  EXPECT_TRUE(many->out_of_disk) << "many small ones";
}

TEST_F(Sandbox, ControlGroupsAreRemoved) {
  ASSERT_TRUE(sh("true")->ok());
  const std::string mine = "healer-" + std::to_string(getpid()) + "-";
  for (const auto& entry : fs::recursive_directory_iterator(
           "/sys/fs/cgroup", fs::directory_options::skip_permission_denied))
    EXPECT_EQ(entry.path().filename().string().find(mine), std::string::npos) << entry.path();
}

// Where the tests are root's, the same ones once more as a user without rights.
TEST(SandboxOfAUser, KeepsItsPromises) {
  if (geteuid() != 0) GTEST_SKIP() << "these tests ran as a user already";
  SystemExecutor executor;
  if (!executor.sandbox_support().available) GTEST_SKIP() << "SKIPPED, NO SANDBOX HERE";
  char name[] = "/tmp/healer-user-XXXXXX";
  const std::string folder = mkdtemp(name);
  chmod(folder.c_str(), 0755);
  fs::copy_file("/proc/self/exe", folder + "/tests");
  chmod((folder + "/tests").c_str(), 0755);
  const auto result =
      executor.run({.argv = {"setpriv", "--reuid=64320", "--regid=64320", "--clear-groups",
                             folder + "/tests", "--gtest_filter=Sandbox.*"}});
  fs::remove_all(folder);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->ok()) << result->out << result->err;
  if (result->out.find("SKIPPED") != std::string::npos)
    GTEST_SKIP() << "SKIPPED, NO SANDBOX FOR USERS HERE: " << result->out;
}

}  // namespace
}  // namespace healer
