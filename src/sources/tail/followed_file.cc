#include "sources/tail/followed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"

namespace healer {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;  // more than limits::kLineBytesMax
constexpr std::size_t kPollBytesMax = 4 * kChunkBytes;
constexpr std::uint64_t kHeadBytes = 256;

static_assert(kChunkBytes > limits::kLineBytesMax + 1);

struct stat status_of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) status = {};
  return status;
}

// Birth where the file system knows it, else the last change.
UnixMs birth_of(int fd) {
  struct statx status{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_MTIME, &status) != 0) return 0;
  const auto& time = (status.stx_mask & STATX_BTIME) != 0 ? status.stx_btime : status.stx_mtime;
  return static_cast<UnixMs>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

}  // namespace

std::optional<FollowedFile> FollowedFile::open(const std::string& path) {
  // Non-blocking: a FIFO among the files must not hold up all others.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  FollowedFile file(fd);
  const struct stat status = status_of(fd);
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return std::nullopt;
  }
  file.at_.path = file.source = path;
  file.at_.device = status.st_dev;
  file.at_.inode = status.st_ino;
  file.born_ = birth_of(fd);
  return file;
}

FollowedFile::~FollowedFile() {
  if (fd_ >= 0) ::close(fd_);
}

FollowedFile::FollowedFile(FollowedFile&& other) noexcept
    : source(std::move(other.source)),
      current(other.current),
      quiet_since(other.quiet_since),
      fd_(std::exchange(other.fd_, -1)),
      at_(std::move(other.at_)),
      tail_hash_(other.tail_hash_),
      tail_of_truncated_(other.tail_of_truncated_),
      born_(other.born_) {}

std::string FollowedFile::bytes_at(std::uint64_t offset, std::size_t size) const {
  std::string out(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const auto count = ::pread(fd_, out.data() + got, size - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    got += static_cast<std::size_t>(count);
  }
  out.resize(got);
  return out;
}

std::uint64_t FollowedFile::size() const {
  return static_cast<std::uint64_t>(status_of(fd_).st_size);
}

std::uint64_t FollowedFile::hash_before(std::uint64_t offset) const {
  const std::uint64_t covered = std::min(offset, kHeadBytes);
  return hash64(bytes_at(offset - covered, covered));
}

FollowedFile::Copy FollowedFile::is_copy_of(const FollowedFile& other, ReadMark& from) const {
  // First, for a copy that is whole by the time that this says no is known for one below.
  const std::string head = bytes_at(0, kHeadBytes);
  const bool same_so_far = size() < other.at_.offset && other.bytes_at(0, head.size()) == head;
  const auto matches = [&](const ReadMark& mark, std::optional<std::uint64_t> tail) {
    const bool same =
        mark.head_bytes > 0 && continues(mark) && (!tail || hash_before(mark.offset) == *tail);
    if (same) from = mark;
    return same;
  };
  if (matches(other.at_, other.tail_hash_) ||
      matches(other.at_.truncated, other.tail_of_truncated_))
    return Copy::yes;
  return same_so_far ? Copy::growing : Copy::no;
}

bool FollowedFile::is_copy_of(const Checkpoint& other, ReadMark& from) const {
  for (const ReadMark& mark : {static_cast<const ReadMark&>(other), other.truncated}) {
    if (mark.head_bytes == 0 || !continues(mark)) continue;
    from = mark;
    return true;
  }
  return false;
}

bool FollowedFile::continues(const ReadMark& mark) const {
  if (size() < mark.offset) return false;
  const std::string head = bytes_at(0, mark.head_bytes);
  return head.size() == mark.head_bytes && hash64(head) == mark.head_hash;
}

void FollowedFile::resume(const ReadMark& mark) {
  static_cast<ReadMark&>(at_) = mark;
  tail_hash_ = hash_before(at_.offset);
}

void FollowedFile::resume(const Checkpoint& saved) {
  resume(static_cast<const ReadMark&>(saved));
  at_.skipping = saved.skipping;
  at_.truncated = saved.truncated;
}

void FollowedFile::start_at_end() {
  at_.offset = size();
  // In the middle of a line: what follows is its end, not a line.
  at_.skipping = at_.offset > 0 && bytes_at(at_.offset - 1, 1) != "\n";
  note_head();
  tail_hash_ = hash_before(at_.offset);
}

void FollowedFile::note_head() {
  const std::uint64_t covered = std::min(at_.offset, kHeadBytes);
  if (at_.head_bytes == covered && covered == kHeadBytes) return;
  const std::string head = bytes_at(0, covered);
  at_.head_bytes = head.size();
  at_.head_hash = hash64(head);
}

bool FollowedFile::was_truncated() const { return at_.offset > 0 && !continues(at_); }

SinkAnswer FollowedFile::hand_on(const Tail::Sink& sink, std::string bytes, std::uint64_t to,
                                 bool skipping, bool is_final) {
  const Checkpoint before = at_;
  at_.offset = to;
  at_.skipping = skipping;
  note_head();
  const SinkAnswer answer =
      sink({.bytes = std::move(bytes), .source = source, .is_final = is_final}, at_);
  if (answer == SinkAnswer::busy)
    at_ = before;
  else
    tail_hash_ = hash_before(to);
  return answer;
}

FollowedFile::Progress FollowedFile::read(const Tail::Sink& sink, bool last) {
  if (was_truncated()) {
    log_event(LogLevel::info, "tail_truncated", {{"path", at_.path}});
    at_.truncated = at_;
    tail_of_truncated_ = tail_hash_;
    static_cast<ReadMark&>(at_) = {.head_hash = hash64("")};
    at_.skipping = false;
  }
  Progress progress = Progress::nothing;
  for (std::size_t done = 0; done < kPollBytesMax;) {
    std::string chunk = bytes_at(at_.offset, kChunkBytes);
    if (chunk.empty()) break;
    std::size_t begin = 0;
    if (at_.skipping) {
      const std::size_t end = chunk.find('\n');
      begin = end == std::string::npos ? chunk.size() : end + 1;
    }
    const std::size_t newline = chunk.rfind('\n');
    std::size_t end = newline == std::string::npos ? 0 : newline + 1;
    bool skipping = false, is_final = false;
    std::string bytes;
    if (begin == chunk.size()) {  // nothing but the rest of a cut line
      end = chunk.size();
      skipping = chunk.back() != '\n';
    } else if (end > begin) {
      bytes = chunk.substr(begin, end - begin);
    } else if (chunk.size() == kChunkBytes) {  // a line longer than any limit: cut here
      bytes = chunk.substr(begin, limits::kLineBytesMax + 1) + "\n";
      end = chunk.size();
      skipping = is_final = true;
    } else if (last) {
      bytes = chunk.substr(begin);
      end = chunk.size();
      is_final = true;
    } else if (begin > 0) {
      end = begin;
    } else {
      break;
    }
    const std::uint64_t to = at_.offset + end;
    if (hand_on(sink, std::move(bytes), to, skipping, is_final) == SinkAnswer::busy)
      return Progress::busy;
    progress = Progress::some;
    done += end;
  }
  return progress;
}

}  // namespace healer
