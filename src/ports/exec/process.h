#pragma once
#include <sys/types.h>

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "ports/exec/exec.h"

namespace healer {

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
  void reset();

 private:
  int fd_ = -1;
};

// Above every number that a child is given, so that handing one over never overwrites another.
inline constexpr int kOwnFdsFrom = 64;
Result<Fd> out_of_the_way(Fd fd);

struct Pipe {
  Fd read, write;
};
Result<Pipe> make_pipe();

enum class Excess { none, memory, disk };

struct FdForChild {
  int fd;
  int as;  // below kOwnFdsFrom
};

// What the two ways of running share: fork, pipes, deadline, group kill.
struct ProcessSetup {
  std::vector<std::string> argv;
  std::vector<std::string> env;  // NAME=value
  std::string cwd;
  std::string input;
  Millis timeout{0};
  std::size_t output_bytes_max = 0;
  std::vector<FdForChild> fds;              // all others are closed
  std::function<bool()> in_child;           // before exec; async-signal-safe; false: errno says why
  std::function<Excess(pid_t)> over_limit;  // asked every kWatchPeriod; an excess kills it
  std::vector<std::stop_token> cancel;
};

// Runs it to its end. `started` is what a child says of why it could not exec.
Result<ProcessResult> run_process(const ProcessSetup& setup);

// Forks and execs without waiting for its end.
struct Started {
  pid_t pid = 0;
  Fd pid_fd;
};
Result<Started> start_process(const ProcessSetup& setup, int in, int out, int err);

// "PATH=…" with sane defaults, then `env`.
std::vector<std::string> environment(const std::map<std::string, std::string>& env);

}  // namespace healer
