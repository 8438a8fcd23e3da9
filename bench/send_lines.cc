// Posts log lines of 1,000 templates and counts those that were acknowledged. The bodies are made
// before the clock starts; each connection waits for its answer before it sends the next one.
// usage: send_lines PORT PATH LINES LINES_OF_A_BODY CONNECTIONS text|json     prints a line of JSON
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <string_view>
#include <thread>

#include "bench/log_lines.h"
#include "bench/measure.h"

namespace healer::bench {
namespace {

struct Post {
  std::string bytes;
  std::uint64_t lines = 0;
};

struct Work {
  std::vector<Post> posts;
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> acknowledged{0}, failed{0};
  std::mutex mutex;
  std::vector<double> took;
};

std::vector<Post> make_posts(const std::string& path, std::uint64_t lines, std::uint64_t per_body,
                             bool json) {
  std::vector<Post> out;
  for (std::uint64_t i = 0; i < lines;) {
    std::string body;
    const std::uint64_t first = i;
    for (; i < lines && i < first + per_body; ++i) body += json ? json_line(i) : text_line(i);
    out.push_back(
        {fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {}\r\n"
                     "Content-Length: {}\r\n\r\n{}",
                     path, json ? "application/x-ndjson" : "text/plain", body.size(), body),
         i - first});
  }
  return out;
}

class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    open_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;

  bool post(std::string_view bytes) {  // true: answered with 2xx
    while (open_ && !bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) open_ = false;
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    std::string answer;
    while (open_ && !is_whole(answer)) {
      char buffer[4096];
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) open_ = false;
      if (n > 0) answer.append(buffer, static_cast<std::size_t>(n));
    }
    return open_ && answer.starts_with("HTTP/1.1 2");
  }
  bool is_open() const { return open_; }

 private:
  static bool is_whole(const std::string& answer) {
    const std::size_t head = answer.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t length = answer.find("Content-Length: ");
    const std::size_t body = length < head ? std::strtoull(&answer[length + 16], nullptr, 10) : 0;
    return answer.size() >= head + 4 + body;
  }
  int fd_;
  bool open_ = false;
};

void send_all(Work& work, std::uint16_t port) {
  Connection connection(port);
  std::vector<double> took;
  for (std::size_t at; connection.is_open() && (at = work.next++) < work.posts.size();) {
    const Post& post = work.posts[at];
    const auto begin = Time::now();
    (connection.post(post.bytes) ? work.acknowledged : work.failed) += post.lines;
    took.push_back(seconds_since(begin));
  }
  std::lock_guard lock(work.mutex);
  work.took.insert(work.took.end(), took.begin(), took.end());
}

int run(char** argv) {
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const std::uint64_t lines = std::strtoull(argv[3], nullptr, 10);
  const std::uint64_t per_body = std::strtoull(argv[4], nullptr, 10);
  if (port == 0 || lines == 0 || per_body == 0) return 2;
  Work work;
  work.posts = make_posts(argv[2], lines, per_body, std::string_view(argv[6]) == "json");
  const auto begin = Time::now();
  std::vector<std::jthread> threads;
  for (int i = 0; i < std::atoi(argv[5]); ++i) threads.emplace_back([&] { send_all(work, port); });
  threads.clear();
  fmt::print(R"({{"lines":{},"acknowledged":{},"failed":{},"seconds":{:.4f},)"
             R"("p50_ms":{:.3f},"p99_ms":{:.3f}}})"
             "\n",
             lines, work.acknowledged.load(), work.failed.load(), seconds_since(begin),
             percentile_ms(work.took, 0.5), percentile_ms(work.took, 0.99));
  return work.acknowledged == lines ? 0 : 1;
}

}  // namespace
}  // namespace healer::bench

int main(int argc, char** argv) {
  const int code = argc == 7 ? healer::bench::run(argv) : 2;
  if (code == 2)
    fmt::print(stderr, "usage: send_lines PORT PATH LINES LINES_OF_A_BODY CONNECTIONS text|json\n");
  return code;
}
