#pragma once
#include <deque>
#include <mutex>
#include <vector>

#include "ports/notify/notify.h"

namespace healer {

// Remembers what it was told; ids are "1", "2", …, an update keeps its message's. `failures` are
// answered first, in order.
class RecordingNotifier final : public Notifier {
 public:
  std::vector<Notification> sent;
  std::deque<Error> failures;

  Result<std::string> send(const Notification& notification) override {
    std::lock_guard lock(mutex_);
    if (!failures.empty()) {
      Error error = std::move(failures.front());
      failures.pop_front();
      return std::unexpected(std::move(error));
    }
    sent.push_back(notification);
    return notification.update_of.empty() ? std::to_string(sent.size()) : notification.update_of;
  }

 private:
  std::mutex mutex_;
};

}  // namespace healer
