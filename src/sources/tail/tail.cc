#include "sources/tail/tail.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "sources/tail/change_watch.h"
#include "sources/tail/followed_file.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr Millis kBusyWait{20};          // until a sink that was busy is asked again
constexpr Millis kCopyWait{100};         // until a copy in the making is looked at again
constexpr Millis kRotatedQuiet{10'000};  // a file no path leads to may still be written to

bool is_packed(std::string_view path) {
  for (const std::string_view end : {".gz", ".xz", ".bz2", ".zst", ".zip", ".lz4"})
    if (path.ends_with(end)) return true;
  return false;
}

constexpr const char* kWild = "*?[{";

bool is_plain(const std::string& pattern) {
  return pattern.find_first_of(kWild) == std::string::npos;
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// "app.log.1", "app.log-20260131" and "app-20260131.log" are what a rotation makes of "app.log".
bool is_rotated_name(const std::string& path, const std::string& original) {
  const fs::path name(original);
  const std::string stem = (name.parent_path() / name.stem()).string();
  if (path == original || folder_of(path) != folder_of(original)) return false;
  if (path.starts_with(original)) return true;
  return path.starts_with(stem) && path.size() > stem.size() &&
         std::string_view("-._").contains(path[stem.size()]);
}

}  // namespace

std::vector<std::string> files_of_glob(const std::string& pattern) {
  std::vector<std::string> out;
  ::glob_t found{};
  if (::glob(pattern.c_str(), GLOB_BRACE | GLOB_NOSORT, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i)
      if (!is_packed(found.gl_pathv[i])) out.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  return out;
}

struct Tail::State {
  using Saved = std::map<std::string, Checkpoint>;
  TailOptions options;
  Saved saved;  // by key, until its file is found
  const Clock& clock;
  Sink sink;
  Finished finished;
  std::map<std::string, FollowedFile> files;  // by key
  std::set<std::string> unreadable;           // reported once
  struct Undecided {
    std::uint64_t size;
    Instant since;
  };
  std::map<std::string, Undecided> undecided;  // paths of what may be copies in the making
  ChangeWatch watch;
  std::atomic<bool> stopping{false};
  bool looked = false;
  bool busy = false;

  bool is_own(const struct stat& status) const;
  void look();
  void found_path(const std::string& path, bool by_name);
  void report_unreadable(const std::string& path, std::string_view reason);
  Saved::iterator saved_of(const FollowedFile& file);
  bool continue_saved(FollowedFile& file, Saved::iterator known);
  bool note_place(const FollowedFile& file);
  FollowedFile::Copy copied_from(const FollowedFile& file, ReadMark& from) const;
  bool grows(const FollowedFile& file);
  bool begin(FollowedFile& file, bool appeared);
  void find_renamed();
  bool read_files();
};

void Tail::State::report_unreadable(const std::string& path, std::string_view reason) {
  if (!unreadable.insert(path).second) return;
  Metrics::counter("tail_unreadable_files") += 1;
  log_event(
      LogLevel::warn, "tail_unreadable",
      {{"path", path}, {"reason", std::string(reason)}, {"next", "tried again at each look"}});
}

// A device may have another number since the machine was started.
Tail::State::Saved::iterator Tail::State::saved_of(const FollowedFile& file) {
  const auto known = saved.find(file.key());
  if (known != saved.end()) return known;
  return std::ranges::find_if(saved, [&](const auto& item) {
    return item.second.inode == file.at().inode && item.second.path == file.at().path &&
           file.continues(item.second);
  });
}

// Goes on from a checkpoint; that of a file that was truncated meanwhile is kept with it.
bool Tail::State::continue_saved(FollowedFile& file, Saved::iterator known) {
  if (file.continues(known->second))
    file.resume(known->second);
  else
    file.was(known->second);
  const bool renumbered = known->first != file.key();
  if (renumbered && !note_place(file)) return false;
  if (renumbered && finished) finished(known->first);
  saved.erase(known);
  return true;
}

// An empty payload: from now on a restart goes on from here.
bool Tail::State::note_place(const FollowedFile& file) {
  return sink({.bytes = {}, .source = file.source}, file.at()) == SinkAnswer::taken;
}

FollowedFile::Copy Tail::State::copied_from(const FollowedFile& file, ReadMark& from) const {
  auto out = FollowedFile::Copy::no;
  for (const auto& [key, other] : files) {
    if (!is_rotated_name(file.source, other.source)) continue;
    out = std::max(out, file.is_copy_of(other, from));
    if (out == FollowedFile::Copy::yes) return out;
  }
  for (const auto& [key, read] : saved)  // its original is not found yet, or gone
    if (is_rotated_name(file.source, read.path) && file.is_copy_of(read, from))
      return FollowedFile::Copy::yes;
  return out;
}

// What does not grow from one look to the next is a file of its own.
bool Tail::State::grows(const FollowedFile& file) {
  const Instant now = clock.now();
  const auto [seen, first] = undecided.try_emplace(file.source, Undecided{file.size(), now});
  if (first) return true;
  if (seen->second.size != file.size()) seen->second = {file.size(), now};
  if (now - seen->second.since < options.rescan) return true;
  undecided.erase(seen);
  return false;
}

// Where reading of a file just found begins. False if the sink was too busy for its first
// checkpoint, or the file may be a copy that is still being made: it is then found again later.
bool Tail::State::begin(FollowedFile& file, bool appeared) {
  if (const auto known = saved_of(file); known != saved.end()) return continue_saved(file, known);
  ReadMark from;
  const auto copy = copied_from(file, from);
  if (copy == FollowedFile::Copy::growing && grows(file)) return false;
  undecided.erase(file.source);
  if (copy == FollowedFile::Copy::yes) {
    file.resume(from);
    return note_place(file);
  }
  if (appeared || file.born() >= options.first_start) return true;
  file.start_at_end();
  return note_place(file);
}

// What healer says of a line would be a line that it says something of, for ever.
bool Tail::State::is_own(const struct stat& status) const {
  return std::ranges::any_of(options.own, [&](int fd) {
    struct stat own{};
    return ::fstat(fd, &own) == 0 && own.st_dev == status.st_dev && own.st_ino == status.st_ino;
  });
}

void Tail::State::found_path(const std::string& path, bool by_name) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) report_unreadable(path, std::strerror(errno));
    return;
  }
  if (!S_ISREG(status.st_mode)) {
    if (by_name)
      report_unreadable(path, S_ISDIR(status.st_mode) ? "it is a directory: name the files in it"
                                                      : "it is not a regular file");
    return;
  }
  if (is_own(status))
    return report_unreadable(path, "it is healer's own log: healer does not read what it writes");
  const std::string key = Checkpoint{.device = status.st_dev, .inode = status.st_ino}.key();
  if (const auto known = files.find(key); known != files.end()) {
    known->second.current = true;
    return;
  }
  if (files.size() >= limits::kTailFilesMax) {
    Metrics::counter("tail_files_limit_hits") += 1;
    return;
  }
  auto file = FollowedFile::open(path);
  if (!file) {
    if (errno != ENOENT) report_unreadable(path, std::strerror(errno));
    return;
  }
  const bool appeared = unreadable.erase(path) == 0 && looked;
  watch.add_folder(folder_of(path));
  if (begin(*file, appeared)) {
    const std::string opened = file->key();
    files.emplace(opened, std::move(*file));
  }
}

// A file with a checkpoint that no path leads to any more: renamed while healer was away. What was
// written to it before that is still owed.
void Tail::State::find_renamed() {
  const auto owed = saved;
  for (const auto& [key, checkpoint] : owed) {
    std::error_code error;
    fs::directory_iterator entry(folder_of(checkpoint.path), error);
    if (error) continue;  // a volume that is not there yet
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      struct stat status{};
      const std::string path = entry->path().string();
      if (::stat(path.c_str(), &status) != 0 || status.st_ino != checkpoint.inode ||
          status.st_dev != checkpoint.device)
        continue;
      auto file = FollowedFile::open(path);
      if (!file || !file->continues(checkpoint)) continue;
      file->resume(checkpoint);
      file->source = checkpoint.path;
      file->current = false;
      files.emplace(key, std::move(*file));
      break;
    }
    if (!files.contains(key) && finished) finished(key);
    saved.erase(key);
  }
}

void Tail::State::look() {
  for (auto& [key, file] : files) file.current = false;
  for (const auto& pattern : options.globs) {
    const std::size_t wild = pattern.find_first_of(kWild);
    watch.add_folder(folder_of(pattern.substr(0, wild)));
    for (const auto& path : files_of_glob(pattern)) found_path(path, is_plain(pattern));
  }
  if (!looked) find_renamed();
  looked = true;
}

// A file that no path leads to is over once nothing came for a while; then its last line counts
// even if it never ended.
bool Tail::State::read_files() {
  bool any = false;
  busy = false;
  for (auto at = files.begin(); at != files.end();) {
    FollowedFile& file = at->second;
    if (file.current) file.quiet_since = 0;
    const bool over =
        file.quiet_since != 0 && clock.wall_ms() - file.quiet_since >= kRotatedQuiet.count();
    const auto progress = file.read(sink, over);
    if (progress == FollowedFile::Progress::busy) {
      busy = true;
      return any;
    }
    if (progress == FollowedFile::Progress::some) {
      any = true;
      file.quiet_since = 0;
    } else if (!file.current && file.quiet_since == 0) {
      file.quiet_since = clock.wall_ms();
    }
    if (!over) {
      ++at;
      continue;
    }
    if (finished) finished(at->first);
    at = files.erase(at);
  }
  return any;
}

Tail::Tail(TailOptions options, std::vector<Checkpoint> saved, const Clock& clock, Sink sink,
           Finished finished)
    : state_(new State{.options = std::move(options),
                       .saved = {},
                       .clock = clock,
                       .sink = std::move(sink),
                       .finished = std::move(finished)}) {
  for (auto& checkpoint : saved) {
    std::string key = checkpoint.key();
    state_->saved.emplace(std::move(key), std::move(checkpoint));
  }
}

Tail::~Tail() = default;

bool Tail::poll_once() {
  state_->look();
  return state_->read_files();
}

void Tail::run() {
  State& state = *state_;
  Instant next_look{};
  bool look = true;
  while (!state.stopping) {
    const Instant now = state.clock.now();
    if (look || now >= next_look) {
      state.look();
      next_look = now + state.options.rescan;
    }
    const bool any = state.read_files();
    const Millis wait = state.busy                 ? kBusyWait
                        : any                      ? Millis(0)
                        : !state.undecided.empty() ? kCopyWait
                                                   : state.options.rescan;
    look = state.watch.wait(wait) == ChangeWatch::Change::names || !state.undecided.empty();
  }
}

void Tail::stop() {
  state_->stopping = true;
  state_->watch.wake();
}

}  // namespace healer
