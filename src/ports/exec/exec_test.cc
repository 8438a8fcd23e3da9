#include "ports/exec/exec.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace healer {
namespace {

namespace fs = std::filesystem;

bool gone(pid_t pid) {
  std::string stat;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
  return stat.empty() || stat.find(") Z ") != std::string::npos;
}

// Killing is asynchronous: the kernel may need a moment.
bool soon_gone(pid_t pid) {
  for (int i = 0; i < 500 && !gone(pid); ++i) poll(nullptr, 0, 10);
  return gone(pid);
}

TEST(Run, GivesOutputExitCodeAndInput) {
  SystemExecutor executor;
  const auto result =
      executor.run({.argv = {"sh", "-c", "cat; echo bad >&2; exit 3"}, .input = "in"});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_FALSE(result->ok());
  EXPECT_EQ(result->out, "in");
  EXPECT_EQ(result->err, "bad\n");
}

TEST(Run, ASignalIsReported) {
  SystemExecutor executor;
  EXPECT_EQ(executor.run({.argv = {"sh", "-c", "kill -9 $$"}})->exit_code, 137);
  EXPECT_EQ(executor.run({.argv = {"sh", "-c", "kill -TERM $$"}})->exit_code, 143);
}

TEST(Run, InheritsNothingButThePath) {
  setenv("HEALER_TEST_LEAK", "x", 1);
  const int open_here = open("/etc/hostname", O_RDONLY);  // NOLINT: not close-on-exec on purpose
  SystemExecutor executor;
  const auto result =
      executor.run({.argv = {"sh", "-c", "env; ls /proc/$$/fd; true"}, .env = {{"A", "b"}}});
  close(open_here);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->out.find("HEALER_TEST_LEAK"), std::string::npos) << result->out;
  EXPECT_NE(result->out.find("A=b\n"), std::string::npos) << result->out;
  EXPECT_NE(result->out.find("\n0\n1\n2\n"), std::string::npos) << result->out;
}

TEST(Run, WhatCannotStartSaysWhy) {
  SystemExecutor executor;
  const auto missing = executor.run({.argv = {"/nonexistent/program"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  const auto nowhere = executor.run({.argv = {"true"}, .cwd = "/nonexistent"});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Errc::io) << "the program is there";
  EXPECT_NE(nowhere.error().message.find("/nonexistent"), std::string::npos);
  EXPECT_EQ(executor.run({}).error().code, Errc::invalid_input);
  EXPECT_EQ(executor.run({.argv = {"/etc/passwd"}}).error().code, Errc::io) << "not executable";
}

TEST(Run, ALateProcessIsKilledWithItsChildren) {
  SystemExecutor executor;
  const auto result =
      executor.run({.argv = {"sh", "-c", "sleep 1000 & echo $!; wait"}, .timeout = Millis(300)});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->exit_code, 137);
  const pid_t child = std::atoi(result->out.c_str());
  ASSERT_GT(child, 1);
  EXPECT_TRUE(soon_gone(child));
}

TEST(Run, ClosingTheOutputDoesNotEscapeTheDeadline) {
  SystemExecutor executor;
  const auto result = executor.run(
      {.argv = {"sh", "-c", "exec >&- 2>&-; exec sleep 1000"}, .timeout = Millis(200)});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
}

TEST(Run, AChildThatKeepsTheOutputOpenDoesNotHoldTheCaller) {
  SystemExecutor executor;
  const auto result = executor.run({.argv = {"sh", "-c", "sleep 1000 & echo $!"}});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->ok()) << "it ended in time";
  EXPECT_TRUE(soon_gone(std::atoi(result->out.c_str())));
}

TEST(Run, AFloodOfOutputIsBounded) {
  SystemExecutor executor;
  const auto result = executor.run(
      {.argv = {"sh", "-c", "head -c 50000000 /dev/zero; echo end"}, .output_bytes_max = 1000});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->truncated);
  EXPECT_EQ(result->out.size(), 1000U);
  EXPECT_TRUE(result->out.ends_with("end\n")) << "the last ones are kept";
}

TEST(Run, InputThatNobodyReadsIsNoHarm) {
  SystemExecutor executor;
  for (int i = 0; i < 20; ++i) {
    const auto result = executor.run({.argv = {"true"}, .input = std::string(1 << 20, 'x')});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->exit_code, 0);
  }
}

TEST(Run, MuchInputAndOutputFlowAtOnce) {
  SystemExecutor executor;
  const std::string input(5 << 20, 'y');
  const auto result =
      executor.run({.argv = {"cat"}, .input = input, .output_bytes_max = input.size()});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->out == input);
}

TEST(Run, ACancelledProcessIsAnError) {
  SystemExecutor executor;
  std::stop_source one;
  std::jthread canceller([&] { one.request_stop(); });
  const auto result = executor.run({.argv = {"sleep", "1000"}, .cancel = one.get_token()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
}

TEST(Run, AStoppedExecutorEndsWhatRuns) {
  std::stop_source all;
  SystemExecutor executor(all.get_token());
  EXPECT_TRUE(executor.run({.argv = {"true"}})->ok());
  std::jthread stopper([&] { all.request_stop(); });
  EXPECT_EQ(executor.run({.argv = {"sleep", "1000"}}).error().code, Errc::cancelled);
}

TEST(Run, AKilledHealerLeavesNoProcessBehind) {
  char folder[] = "/tmp/healer-exec-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string note = std::string(folder) + "/pid";
  const pid_t healer = fork();
  if (healer == 0) {
    SystemExecutor executor;
    const auto result =
        executor.run({.argv = {"sh", "-c", "echo $$ >\"$1\"; exec sleep 1000", "sh", note}});
    _exit(result ? 0 : 1);
  }
  pid_t child = 0;
  for (int i = 0; i < 1000 && child == 0; ++i) {
    std::ifstream(note) >> child;
    poll(nullptr, 0, 5);
  }
  ASSERT_GT(child, 1);
  kill(healer, SIGKILL);
  waitpid(healer, nullptr, 0);
  EXPECT_TRUE(soon_gone(child));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace healer
