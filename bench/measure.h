#pragma once
#include <fcntl.h>
#include <fmt/core.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

// What the benchmarks of engine and store share: time, CPU time of this process, percentiles, and
// what one fdatasync costs at this moment.
namespace healer::bench {

using Time = std::chrono::steady_clock;

inline double seconds_since(Time::time_point start) {
  return std::chrono::duration<double>(Time::now() - start).count();
}

inline double cpu_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(use.ru_utime) + of(use.ru_stime);
}

inline double percentile_ms(std::vector<double> seconds, double share) {
  if (seconds.empty()) return 0;
  std::sort(seconds.begin(), seconds.end());
  const auto at = static_cast<std::size_t>(share * static_cast<double>(seconds.size() - 1));
  return seconds[at] * 1e3;
}

class Folder {
 public:
  explicit Folder(const std::string& parent) {
    std::string name = parent + "/healer_bench_XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Seconds of each of `count` appends of 300 bytes with an fdatasync.
inline std::vector<double> raw_syncs(const std::string& folder, int count) {
  const std::string path = folder + "/probe";
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const std::string bytes(300, 'x');
  std::vector<double> out;
  for (int i = 0; i < count; ++i) {
    const auto start = Time::now();
    if (::write(fd, bytes.data(), bytes.size()) < 0 || ::fdatasync(fd) != 0) break;
    out.push_back(seconds_since(start));
  }
  ::close(fd);
  return out;
}

}  // namespace healer::bench
