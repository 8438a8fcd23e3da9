#include "sources/tail/change_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace healer {

ChangeWatch::ChangeWatch()
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

ChangeWatch::~ChangeWatch() {
  if (inotify_ >= 0) ::close(inotify_);
  if (wake_ >= 0) ::close(wake_);
}

void ChangeWatch::add_folder(const std::string& path) {
  if (inotify_ < 0 || !folders_.insert(path).second) return;
  const int watch = ::inotify_add_watch(
      inotify_, path.c_str(),
      IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF);
  if (watch < 0) folders_.erase(path);  // no watches left, or no such folder yet: time will do
}

ChangeWatch::Change ChangeWatch::drain() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  Change change = Change::none;
  for (;;) {
    const auto size = ::read(inotify_, buffer.data(), buffer.size());
    if (size <= 0) return change;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      if ((event.mask & IN_DELETE_SELF) != 0) folders_.clear();  // added again at the next look
      if ((event.mask & IN_MODIFY) == 0)
        change = Change::names;
      else if (change == Change::none)
        change = Change::content;
      at += sizeof event + event.len;
    }
  }
}

ChangeWatch::Change ChangeWatch::wait(Millis longest) {
  std::array<pollfd, 2> files{pollfd{wake_, POLLIN, 0}, pollfd{inotify_, POLLIN, 0}};
  const auto count = static_cast<nfds_t>(inotify_ >= 0 ? 2 : 1);
  const int ready =
      ::poll(files.data(), count, static_cast<int>(std::max<std::int64_t>(longest.count(), 0)));
  if (ready <= 0) return Change::none;
  if ((files[0].revents & POLLIN) != 0) {
    std::uint64_t value = 0;
    if (::read(wake_, &value, sizeof value) < 0) return Change::none;
  }
  return inotify_ >= 0 ? drain() : Change::none;
}

void ChangeWatch::wake() {
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) < 0) return;  // full: a wake is already on its way
}

}  // namespace healer
