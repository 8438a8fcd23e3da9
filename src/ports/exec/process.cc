#include "ports/exec/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/metrics.h"

namespace healer {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Millis kWatchPeriod{20};    // of a limit that only polling can see
constexpr Millis kCancelPeriod{100};  // until a cancelled process is killed

// Keeps the last `bytes_max` bytes.
void append_tail(std::string& kept, const char* data, std::size_t size, std::size_t bytes_max,
                 bool& truncated) {
  kept.append(data, size);
  if (kept.size() <= 2 * bytes_max) return;
  truncated = true;
  kept.erase(0, kept.size() - bytes_max);
}

// A child that does not read its input must not end healer.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec now{};
    while (sigismember(&before_, SIGPIPE) == 0 && sigtimedwait(&pipe_, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
};

struct Streams {
  Fd in, out, err;
  std::size_t written = 0;
};

// Moves what can be moved within `wait_ms`. True once the process has ended.
bool pump(const ProcessSetup& setup, int pid_fd, Streams& streams, ProcessResult& result,
          int wait_ms) {
  std::array<pollfd, 4> fds{{{streams.out.get(), POLLIN, 0},
                             {streams.err.get(), POLLIN, 0},
                             {streams.in.get(), POLLOUT, 0},
                             {pid_fd, POLLIN, 0}}};
  if (poll(fds.data(), fds.size(), wait_ms) <= 0) return false;
  std::array<char, 65536> buffer;
  const auto drain = [&](Fd& fd, short events, std::string& kept) {
    if (events == 0) return;
    const ssize_t n = read(fd.get(), buffer.data(), buffer.size());
    if (n > 0)
      append_tail(kept, buffer.data(), static_cast<std::size_t>(n), setup.output_bytes_max,
                  result.truncated);
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
      fd.reset();
  };
  drain(streams.out, fds[0].revents, result.out);
  drain(streams.err, fds[1].revents, result.err);
  if (fds[2].revents != 0) {
    const ssize_t n = write(streams.in.get(), setup.input.data() + streams.written,
                            setup.input.size() - streams.written);
    if (n > 0) streams.written += static_cast<std::size_t>(n);
    if ((n < 0 && errno != EAGAIN) || streams.written == setup.input.size()) streams.in.reset();
  }
  return fds[3].revents != 0;
}

bool cancelled(const ProcessSetup& setup) {
  return std::ranges::any_of(setup.cancel,
                             [](const auto& token) { return token.stop_requested(); });
}

Millis longest_wait(const ProcessSetup& setup) {
  if (setup.over_limit) return kWatchPeriod;
  const bool may_cancel =
      std::ranges::any_of(setup.cancel, [](const auto& token) { return token.stop_possible(); });
  return may_cancel ? kCancelPeriod : Millis(60'000);
}

enum class Ending { itself, late, memory, disk, cancelled };

Ending supervise(const ProcessSetup& setup, const Started& started, Streams& streams,
                 ProcessResult& result) {
  const auto deadline = SteadyClock::now() + setup.timeout;
  const Millis longest = longest_wait(setup);
  for (;;) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - SteadyClock::now());
    const Millis wait = std::clamp(left, Millis(0), longest);
    if (pump(setup, started.pid_fd.get(), streams, result, static_cast<int>(wait.count())))
      return Ending::itself;
    if (cancelled(setup)) return Ending::cancelled;
    if (SteadyClock::now() >= deadline) return Ending::late;
    if (!setup.over_limit) continue;
    switch (setup.over_limit(started.pid)) {
      case Excess::memory: return Ending::memory;
      case Excess::disk: return Ending::disk;
      case Excess::none: break;
    }
  }
}

void cut(std::string& kept, std::size_t bytes_max, bool& truncated) {
  if (kept.size() <= bytes_max) return;
  truncated = true;
  kept.erase(0, kept.size() - bytes_max);
}

void finish_output(const ProcessSetup& setup, Streams& streams, ProcessResult& result) {
  // What is still in the pipes; a grandchild that holds them open does not hold us.
  for (auto* fd : {&streams.out, &streams.err})
    if (fd->get() >= 0) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  streams.in.reset();
  for (int i = 0; i < 64 && (streams.out.get() >= 0 || streams.err.get() >= 0); ++i)
    pump(setup, -1, streams, result, 0);
  cut(result.out, setup.output_bytes_max, result.truncated);
  cut(result.err, setup.output_bytes_max, result.truncated);
  if (result.truncated) ++Metrics::counter("output_limit_hits");
}

}  // namespace

Result<ProcessResult> run_process(const ProcessSetup& setup) {
  const auto began = SteadyClock::now();
  Pipe in = TRY(make_pipe()), out = TRY(make_pipe()), err = TRY(make_pipe());
  const Started started =
      TRY(start_process(setup, in.read.get(), out.write.get(), err.write.get()));
  in.read.reset();
  out.write.reset();
  err.write.reset();
  fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  Streams streams{std::move(in.write), std::move(out.read), std::move(err.read), 0};
  if (setup.input.empty()) streams.in.reset();
  ProcessResult result;
  const NoSigpipe no_sigpipe;
  const Ending ending = supervise(setup, started, streams, result);
  // Before it is reaped, so that its number cannot be another group's yet.
  kill(-started.pid, SIGKILL);
  int status = 0;
  while (waitpid(started.pid, &status, 0) < 0 && errno == EINTR) {
  }
  finish_output(setup, streams, result);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.timed_out = ending == Ending::late;
  result.out_of_memory = ending == Ending::memory;
  result.out_of_disk = ending == Ending::disk;
  result.wall_ms = std::chrono::duration_cast<Millis>(SteadyClock::now() - began).count();
  if (result.timed_out) ++Metrics::counter("process_timeouts");
  if (ending == Ending::cancelled)
    return fail(Errc::cancelled, setup.argv.front() + " was ended because healer stops waiting");
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
  setup.cancel = {command.cancel, stop_};
  return run_process(setup);
}

}  // namespace healer
