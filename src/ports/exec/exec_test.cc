#include "ports/exec/exec.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace healer {
namespace {

namespace fs = std::filesystem;

class TempTree {
 public:
  TempTree() {
    char name[] = "/tmp/healer-exec-XXXXXX";
    path_ = mkdtemp(name);
    chmod(path_.c_str(), 0755);
    std::ofstream(path_ + "/file") << "hello\n";
  }
  ~TempTree() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Run, GivesOutputExitCodeAndInput) {
  SystemExecutor executor;
  const auto result =
      executor.run({.argv = {"sh", "-c", "cat; echo bad >&2; exit 3"}, .input = "in"});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->out, "in");
  EXPECT_EQ(result->err, "bad\n");
  EXPECT_EQ(executor.run({.argv = {"sh", "-c", "kill -9 $$"}})->exit_code, 137);
}

TEST(Run, InheritsNothingButThePath) {
  setenv("HEALER_TEST_LEAK", "x", 1);
  SystemExecutor executor;
  const auto result = executor.run({.argv = {"env"}, .env = {{"A", "b"}}});
  EXPECT_EQ(result->out.find("HEALER_TEST_LEAK"), std::string::npos);
  EXPECT_NE(result->out.find("A=b"), std::string::npos);
}

TEST(Run, AMissingProgramIsNotFound) {
  SystemExecutor executor;
  const auto result = executor.run({.argv = {"/nonexistent/program"}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::not_found);
}

TEST(Run, ALateProcessIsKilledWithItsChildren) {
  SystemExecutor executor;
  const auto result =
      executor.run({.argv = {"sh", "-c", "sleep 1000 & echo $!; wait"}, .timeout = Millis(300)});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  const pid_t child = std::atoi(result->out.c_str());
  ASSERT_GT(child, 1);
  const auto gone = [&] {
    std::string stat;
    std::getline(std::ifstream("/proc/" + std::to_string(child) + "/stat"), stat);
    return stat.empty() || stat.find(") Z ") != std::string::npos;
  };
  for (int i = 0; i < 200 && !gone(); ++i) poll(nullptr, 0, 10);
  EXPECT_TRUE(gone());
}

TEST(Run, AFloodOfOutputIsBounded) {
  SystemExecutor executor;
  const auto result =
      executor.run({.argv = {"head", "-c", "50000000", "/dev/zero"}, .output_bytes_max = 1000});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->truncated);
  EXPECT_EQ(result->out.size(), 1000U);
}

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto support = executor.sandbox_support();
    if (!support.available) GTEST_SKIP() << "no sandbox on this machine: " << support.reason;
  }
  Result<ProcessResult> sh(const std::string& script, SandboxCommand command = {}) {
    command.argv = {"sh", "-c", script};
    command.tree = tree.path();
    return executor.run_sandboxed(command);
  }
  SystemExecutor executor;
  TempTree tree;
};

TEST_F(Sandbox, SeesACopyOfTheTreeAndMayWriteIt) {
  const auto result = sh("cat file && echo more >file && cat file && pwd");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->out, "hello\nmore\n/work\n") << result->err;
  std::string text;
  std::getline(std::ifstream(tree.path() + "/file"), text);
  EXPECT_EQ(text, "hello");
}

TEST_F(Sandbox, SeesNoNetworkNoHomesNoHostFiles) {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&address), length), 0);
  listen(server, 1);
  getsockname(server, reinterpret_cast<sockaddr*>(&address), &length);
  const std::string port = std::to_string(ntohs(address.sin_port));
  const auto result =
      sh("python3 -c 'import socket; socket.create_connection((\"127.0.0.1\"," + port +
         "), 2)' 2>/dev/null && echo connected; ls /root /home /var /sys 2>/dev/null; id -u; "
         "touch /usr/x 2>/dev/null && echo wrote; ls /proc | grep -c '^[0-9]'");
  close(server);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out.find("connected"), std::string::npos) << result->out;
  EXPECT_EQ(result->out.find("wrote"), std::string::npos);
  EXPECT_EQ(result->out.find("0\n"), std::string::npos) << "root inside: " << result->out;
}

TEST_F(Sandbox, LoopbackInsideWorks) {
  const auto result =
      sh("python3 -c 'import socket; s=socket.create_server((\"127.0.0.1\",0)); "
         "socket.create_connection(s.getsockname(),2); print(1)'");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "1\n") << result->err;
}

TEST_F(Sandbox, AForkBombIsBounded) {
  const auto result = sh("i=0; while [ $i -lt 300 ]; do sleep 60 & i=$((i+1)); done; echo all",
                         {.timeout = Millis(5000), .processes_max = 40});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out.find("all"), std::string::npos);
}

TEST_F(Sandbox, AMemoryHogIsKilled) {
  const auto result = sh("python3 -c 'x=bytearray(400*1024*1024)' && echo survived",
                         {.timeout = Millis(20'000), .memory_mib = 64});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out.find("survived"), std::string::npos);
  EXPECT_NE(result->exit_code, 0);
}

TEST_F(Sandbox, ADiskFillerOnlyFillsItsOwn) {
  const auto result = sh("dd if=/dev/zero of=big bs=1M count=200 2>&1; echo end",
                         {.timeout = Millis(20'000), .disk_mib = 16});
  ASSERT_TRUE(result);
  EXPECT_NE(result->out.find("No space left"), std::string::npos) << result->out;
  EXPECT_NE(result->out.find("end"), std::string::npos);
}

TEST_F(Sandbox, AHangIsEnded) {
  const auto result = sh("sleep 1000 & sleep 1000", {.timeout = Millis(400)});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
}

TEST_F(Sandbox, ExitCodesComeThrough) { EXPECT_EQ(sh("exit 7")->exit_code, 7); }

}  // namespace
}  // namespace healer
