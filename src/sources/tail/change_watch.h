#pragma once
#include <set>
#include <string>

#include "base/time.h"

namespace healer {

// Waits for something to change in folders (inotify), for wake() from any thread, or for a time.
// Where inotify is not to be had, only the time and wake() end the wait.
class ChangeWatch {
 public:
  ChangeWatch();
  ~ChangeWatch();
  ChangeWatch(const ChangeWatch&) = delete;
  ChangeWatch& operator=(const ChangeWatch&) = delete;

  void add_folder(const std::string& path);  // once per folder; again after it was replaced
  enum class Change { none, content, names };
  Change wait(Millis longest);
  void wake();

 private:
  Change drain();

  int inotify_ = -1;
  int wake_ = -1;
  std::set<std::string> folders_;
};

}  // namespace healer
