#include "app/demo/supervisor_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "types/json.h"
#include "types/json_impl.h"

HEALER_JSON(healer::SupervisorRequest)
HEALER_JSON(healer::SupervisorReply)

namespace healer {
namespace {

constexpr std::size_t kReplyBytesMax = 65'536;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

Result<void> connect_in(const std::string& dir, int fd) {
  // By way of the open folder: a socket's name holds 107 bytes, a folder's may be longer.
  const Descriptor folder(open(dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return fail(Errc::not_found, "the demo was never started in " + dir);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = fmt::format("/proc/self/fd/{}/supervisor.sock", folder.get());
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(Errc::not_found,
                fmt::format("the demo does not run in {}: {}", dir, std::strerror(errno)));
  return {};
}

Result<std::string> exchange(int fd, const std::string& line) {
  if (send(fd, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return fail(Errc::io, fmt::format("the demo's supervisor takes nothing: {}", strerror(errno)));
  std::string reply;
  char part[4096];
  while (!reply.ends_with('\n')) {
    const ssize_t got = recv(fd, part, sizeof part, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return fail(Errc::timeout, "the demo's supervisor did not answer in time");
    if (got <= 0 || reply.size() > kReplyBytesMax)
      return fail(Errc::io, "the demo's supervisor closed the connection");
    reply.append(part, static_cast<std::size_t>(got));
  }
  return reply;
}

}  // namespace

Result<SupervisorReply> ask_supervisor(const std::string& dir, const SupervisorRequest& request,
                                       Millis timeout) {
  const Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return fail(Errc::io, fmt::format("no socket: {}", strerror(errno)));
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = timeout.count() % 1000 * 1000};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  TRY(connect_in(dir, fd.get()));
  const std::string reply = TRY(exchange(fd.get(), to_json(request) + "\n"));
  auto out = TRY(from_json<SupervisorReply>(reply));
  if (!out.ok) return fail(Errc::upstream, out.message);
  return out;
}

}  // namespace healer
