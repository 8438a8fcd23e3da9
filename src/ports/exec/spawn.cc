#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "ports/exec/process.h"

namespace healer {
namespace {

enum class Stage { folder, limits, program };

// What a child that cannot exec writes to its parent.
struct Problem {
  Stage stage;
  int error;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void give_up(int report, Stage stage, int error) {
  const Problem problem{stage, error};
  [[maybe_unused]] const auto written = write(report, &problem, sizeof problem);
  _exit(126);
}

struct ChildPlan {
  const ProcessSetup& setup;
  std::vector<char*> argv, env;
  int in, out, err, report;
  pid_t parent;
};

// After fork: nothing here may allocate or lock.
[[noreturn]] void become(const ChildPlan& plan) {
  setpgid(0, 0);
  // Handlers are healer's: none may run in the child once signals are open again.
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  dup2(plan.in, STDIN_FILENO);
  dup2(plan.out, STDOUT_FILENO);
  dup2(plan.err, STDERR_FILENO);
  for (const auto& [fd, as] : plan.setup.fds) dup2(fd, as);
  const char* cwd = plan.setup.cwd.empty() ? "/" : plan.setup.cwd.c_str();
  if (chdir(cwd) != 0) give_up(plan.report, Stage::folder, errno);
  if (plan.setup.in_child && !plan.setup.in_child()) give_up(plan.report, Stage::limits, errno);
  // A killed healer must not leave a push or a deploy behind that its successor repeats.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvpe(plan.argv.front(), plan.argv.data(), plan.env.data());
  give_up(plan.report, Stage::program, errno);
}

// No signal may reach a child that still has healer's handlers.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

pid_t fork_once(const ChildPlan& plan) {
  const pid_t pid = fork();
  if (pid == 0) become(plan);
  return pid;
}

Error explain(const ProcessSetup& setup, const Problem& problem) {
  const std::string why = std::strerror(problem.error);
  if (problem.stage == Stage::folder)
    return {Errc::io, "cannot enter " + setup.cwd + " to run " + setup.argv.front() + ": " + why};
  if (problem.stage == Stage::limits)
    return {Errc::io, "cannot limit " + setup.argv.front() + ": " + why};
  return {problem.error == ENOENT ? Errc::not_found : Errc::io,
          "cannot run " + setup.argv.front() + ": " + why};
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<Fd> out_of_the_way(Fd fd) {
  Fd out(fcntl(fd.get(), F_DUPFD_CLOEXEC, kOwnFdsFrom));
  if (out.get() < 0) return fail(Errc::io, std::string("no more files: ") + std::strerror(errno));
  return out;
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(Errc::io, std::string("cannot make a pipe: ") + std::strerror(errno));
  Fd read(ends[0]), write(ends[1]);
  Fd read_end = TRY(out_of_the_way(std::move(read)));
  Fd write_end = TRY(out_of_the_way(std::move(write)));
  return Pipe{std::move(read_end), std::move(write_end)};
}

std::vector<std::string> environment(const std::map<std::string, std::string>& env) {
  std::vector<std::string> out;
  if (!env.contains("PATH")) {
    const char* path = std::getenv("PATH");
    out.push_back(std::string("PATH=") + (path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"));
  }
  for (const auto& [name, value] : env) out.push_back(name + "=" + value);
  return out;
}

Result<Started> start_process(const ProcessSetup& setup, int in, int out, int err) {
  if (setup.argv.empty()) return fail(Errc::invalid_input, "there is no program to run");
  Pipe report = TRY(make_pipe());
  const ChildPlan plan{
      setup, pointers(setup.argv), pointers(setup.env), in, out, err, report.write.get(), getpid()};
  Started started;
  {
    const SignalsHeld held;
    started.pid = fork_once(plan);
  }
  if (started.pid < 0)
    return fail(Errc::io, std::string("cannot start a process: ") + std::strerror(errno));
  // Here too, whoever is first: a kill of the group must not miss it.
  setpgid(started.pid, started.pid);
  report.write.reset();
  Problem problem{};
  ssize_t told = 0;
  do told = read(report.read.get(), &problem, sizeof problem);
  while (told < 0 && errno == EINTR);
  if (told == static_cast<ssize_t>(sizeof problem)) {
    waitpid(started.pid, nullptr, 0);
    return std::unexpected(explain(setup, problem));
  }
  started.pid_fd = Fd(static_cast<int>(syscall(SYS_pidfd_open, started.pid, 0)));
  if (started.pid_fd.get() < 0) {
    const std::string why = std::strerror(errno);
    kill(-started.pid, SIGKILL);
    waitpid(started.pid, nullptr, 0);
    return fail(Errc::io, "cannot watch a process: " + why);
  }
  return started;
}

}  // namespace healer
