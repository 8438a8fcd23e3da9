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

  // Whether the first bytes are those of the mark, and none of what it covers is gone.
  bool continues(const ReadMark& mark) const;
  void resume(const Checkpoint& saved);
  void resume(const ReadMark& mark);
  void start_at_end();
  // The checkpoint that this file had before it was truncated.
  void was(const Checkpoint& before) { at_.truncated = before; }

  // Whether this file, just found, is a copy of `other` as a rotation makes it before it truncates
  // the original. Then `from` is how far the original was read. growing: it may become one.
  enum class Copy { no, growing, yes };
  Copy is_copy_of(const FollowedFile& other, ReadMark& from) const;
  bool is_copy_of(const Checkpoint& other, ReadMark& from) const;
  std::uint64_t size() const;

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
  std::uint64_t hash_before(std::uint64_t offset) const;
  SinkAnswer hand_on(const Tail::Sink& sink, std::string bytes, std::uint64_t to, bool skipping,
                     bool is_final);

  int fd_;
  Checkpoint at_;
  std::uint64_t tail_hash_ = 0;  // of the bytes before at_.offset
  std::optional<std::uint64_t> tail_of_truncated_;
  UnixMs born_ = 0;
};

}  // namespace healer
