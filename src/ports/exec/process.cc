#include "ports/exec/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/metrics.h"

namespace healer {
namespace {

using SteadyClock = std::chrono::steady_clock;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(Errc::io, std::string("cannot make a pipe: ") + std::strerror(errno));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// Keeps the last `bytes_max` bytes.
void append_tail(std::string& kept, const char* data, std::size_t size, std::size_t bytes_max,
                 bool& truncated) {
  kept.append(data, size);
  if (kept.size() <= 2 * bytes_max) return;
  truncated = true;
  kept.erase(0, kept.size() - bytes_max);
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void child(const ProcessSetup& setup, const std::vector<char*>& argv,
                        const std::vector<char*>& env, int in, int out, int err, int report) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  for (const int fd : setup.keep_fds) fcntl(fd, F_SETFD, 0);
  const char* cwd = setup.cwd.empty() ? "/" : setup.cwd.c_str();
  int problem = 0;
  if (chdir(cwd) != 0) problem = errno;
  if (problem == 0 && setup.in_child && !setup.in_child()) problem = errno != 0 ? errno : EPERM;
  if (problem == 0) {
    execvpe(argv.front(), argv.data(), env.data());
    problem = errno;
  }
  [[maybe_unused]] const auto written = write(report, &problem, sizeof problem);
  _exit(126);
}

struct Streams {
  Fd in, out, err;
  std::size_t written = 0;
};

// Moves what can be moved within `wait_ms`. False once both output streams are closed.
bool pump(const ProcessSetup& setup, Streams& streams, ProcessResult& result, int wait_ms) {
  std::array<pollfd, 3> fds{{{streams.out.get(), POLLIN, 0},
                             {streams.err.get(), POLLIN, 0},
                             {streams.in.get(), POLLOUT, 0}}};
  if (poll(fds.data(), fds.size(), wait_ms) <= 0)
    return streams.out.get() >= 0 || streams.err.get() >= 0;
  std::array<char, 65536> buffer{};
  const auto drain = [&](Fd& fd, short events, std::string& kept) {
    if (events == 0) return;
    const ssize_t n = read(fd.get(), buffer.data(), buffer.size());
    if (n > 0)
      append_tail(kept, buffer.data(), static_cast<std::size_t>(n), setup.output_bytes_max,
                  result.truncated);
    else if (n == 0 || errno != EINTR)
      fd.reset();
  };
  drain(streams.out, fds[0].revents, result.out);
  drain(streams.err, fds[1].revents, result.err);
  if (fds[2].revents != 0) {
    const ssize_t n = write(streams.in.get(), setup.input.data() + streams.written,
                            setup.input.size() - streams.written);
    if (n > 0) streams.written += static_cast<std::size_t>(n);
    if (n < 0 || streams.written == setup.input.size()) streams.in.reset();
  }
  return streams.out.get() >= 0 || streams.err.get() >= 0;
}

void finish_output(std::string& kept, std::size_t bytes_max, bool& truncated) {
  if (kept.size() <= bytes_max) return;
  truncated = true;
  kept.erase(0, kept.size() - bytes_max);
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Waits for the child while its output is read; enforces deadline and limits.
void supervise(const ProcessSetup& setup, pid_t pid, Streams& streams, ProcessResult& result) {
  const auto deadline = SteadyClock::now() + setup.timeout;
  bool open = true;
  for (;;) {
    if (open) open = pump(setup, streams, result, 20);
    int status = 0;
    const pid_t ended = waitpid(pid, &status, open ? WNOHANG : (setup.over_limit ? WNOHANG : 0));
    if (ended == pid) {
      result.exit_code = exit_code_of(status);
      break;
    }
    if (!open && setup.over_limit) poll(nullptr, 0, 20);
    const bool late = SteadyClock::now() >= deadline;
    const bool greedy = !late && setup.over_limit && setup.over_limit(pid);
    if (!late && !greedy) continue;
    result.timed_out = late;
    result.out_of_memory = greedy;
    kill(-pid, SIGKILL);
    waitpid(pid, &status, 0);
    result.exit_code = 137;
    break;
  }
  kill(-pid, SIGKILL);  // whatever it left behind in its group
  // What is still in the pipes; a grandchild that holds them open does not hold us.
  for (int i = 0; i < 64 && open; ++i) open = pump(setup, streams, result, 0);
}

}  // namespace

std::vector<std::string> environment(const std::map<std::string, std::string>& env) {
  std::vector<std::string> out;
  if (!env.contains("PATH")) {
    const char* path = std::getenv("PATH");
    out.push_back(std::string("PATH=") + (path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"));
  }
  for (const auto& [name, value] : env) out.push_back(name + "=" + value);
  return out;
}

Result<ProcessResult> run_process(const ProcessSetup& setup) {
  if (setup.argv.empty()) return fail(Errc::invalid_input, "there is no program to run");
  const auto started = SteadyClock::now();
  Pipe in = TRY(make_pipe()), out = TRY(make_pipe()), err = TRY(make_pipe()),
       report = TRY(make_pipe());
  const auto argv = pointers(setup.argv), env = pointers(setup.env);
  const pid_t pid = fork();
  if (pid < 0)
    return fail(Errc::io, std::string("cannot start a process: ") + std::strerror(errno));
  if (pid == 0)
    child(setup, argv, env, in.read.get(), out.write.get(), err.write.get(), report.write.get());
  setpgid(pid, pid);
  if (setup.started) setup.started(pid);
  in.read.reset();
  out.write.reset();
  err.write.reset();
  report.write.reset();
  int problem = 0;
  if (read(report.read.get(), &problem, sizeof problem) == static_cast<ssize_t>(sizeof problem)) {
    waitpid(pid, nullptr, 0);
    return fail(problem == ENOENT ? Errc::not_found : Errc::io,
                "cannot run " + setup.argv.front() + ": " + std::strerror(problem));
  }
  fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  Streams streams{std::move(in.write), std::move(out.read), std::move(err.read), 0};
  if (setup.input.empty()) streams.in.reset();
  ProcessResult result;
  supervise(setup, pid, streams, result);
  finish_output(result.out, setup.output_bytes_max, result.truncated);
  finish_output(result.err, setup.output_bytes_max, result.truncated);
  if (result.truncated) ++Metrics::counter("output_limit_hits");
  if (result.timed_out) ++Metrics::counter("process_timeouts");
  result.wall_ms = std::chrono::duration_cast<Millis>(SteadyClock::now() - started).count();
  return result;
}

Result<ProcessResult> SystemExecutor::run(const Command& command) {
  ProcessSetup setup;
  setup.argv = command.argv;
  setup.env = environment(command.env);
  setup.cwd = command.cwd;
  setup.input = command.input;
  setup.timeout = command.timeout;
  setup.output_bytes_max = command.output_bytes_max;
  return run_process(setup);
}

Result<void> SystemExecutor::start_detached(const Command& command, const std::string& log) {
  const Fd output(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (output.get() < 0) return fail(Errc::io, "cannot write " + log + ": " + std::strerror(errno));
  const Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto env_words = environment(command.env);
  const auto argv = pointers(command.argv), env = pointers(env_words);
  ProcessSetup setup;
  setup.cwd = command.cwd;
  Pipe report = TRY(make_pipe());
  const pid_t pid = fork();
  if (pid < 0)
    return fail(Errc::io, std::string("cannot start a process: ") + std::strerror(errno));
  if (pid == 0) {
    setsid();
    // A second fork: the process belongs to init and is never our zombie.
    if (fork() != 0) _exit(0);
    child(setup, argv, env, nothing.get(), output.get(), output.get(), report.write.get());
  }
  waitpid(pid, nullptr, 0);
  report.write.reset();
  int problem = 0;
  if (read(report.read.get(), &problem, sizeof problem) == static_cast<ssize_t>(sizeof problem))
    return fail(problem == ENOENT ? Errc::not_found : Errc::io,
                "cannot run " + command.argv.front() + ": " + std::strerror(problem));
  return {};
}

}  // namespace healer
