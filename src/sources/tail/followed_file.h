#pragma once
#include <sys/stat.h>

#include <optional>
#include <string>

#include "sources/tail/tail.h"

namespace healer {

// An open file and how far it has been handed on. Move-only; closes its descriptor.
class FollowedFile {
 public:
  enum class Progress { nothing, some, busy };

  // nullopt with errno set if it cannot be opened or is no regular file.
  static std::optional<FollowedFile> open(const std::string& path);
  ~FollowedFile();
  FollowedFile(FollowedFile&& other) noexcept;
  FollowedFile& operator=(FollowedFile&&) = delete;

  // Whether the first bytes are those of the checkpoint, and none of what it covers is gone.
  bool continues(const Checkpoint& saved) const;
  void resume(const Checkpoint& saved);
  void start_at_end();
  // Whether the file's first bytes are `other`'s: a copy made by a rotation.
  bool is_copy_of(const Checkpoint& other) const { return continues(other); }

  // Hands on all whole lines, at most kPollBytesMax of them a call. Goes back to the start if the
  // file was truncated. With `last` also what follows the last newline.
  Progress read(const Tail::Sink& sink, bool last);

  std::string key() const { return at_.key(); }
  const Checkpoint& at() const { return at_; }
  UnixMs born() const { return born_; }

  std::string source;   // path by which it was first seen: stays through renames
  bool current = true;  // a watched path leads to it
  UnixMs quiet_since = 0;

 private:
  explicit FollowedFile(int fd) : fd_(fd) {}
  std::string bytes_at(std::uint64_t offset, std::size_t size) const;
  void note_head();
  bool was_truncated() const;
  SinkAnswer hand_on(const Tail::Sink& sink, std::string bytes, std::uint64_t to, bool skipping,
                     bool is_final);

  int fd_;
  Checkpoint at_;
  UnixMs born_ = 0;
};

}  // namespace healer
