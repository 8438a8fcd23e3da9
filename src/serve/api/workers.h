#pragma once
#include <functional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"

namespace healer {

// A few threads for handlers that read the store: the socket thread never waits.
class Workers {
 public:
  using Task = std::move_only_function<void()>;
  explicit Workers(int threads) : queue_(kTasksMax) {
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([this] {
        while (auto task = queue_.pop()) (*task)();
      });
  }
  ~Workers() { stop(); }

  // False where too many wait already; `task` is untouched.
  bool try_run(Task&& task) { return queue_.try_push(std::move(task)); }

  void stop() {  // runs what is queued
    queue_.close();
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }

 private:
  static constexpr std::size_t kTasksMax = 2048;
  BoundedQueue<Task> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace healer
