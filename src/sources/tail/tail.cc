#include "sources/tail/tail.h"

#include <glob.h>

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
constexpr Millis kRotatedQuiet{10'000};  // a file no path leads to may still be written to

bool is_packed(std::string_view path) {
  for (const std::string_view end : {".gz", ".xz", ".bz2", ".zst", ".zip", ".lz4"})
    if (path.ends_with(end)) return true;
  return false;
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
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
  TailOptions options;
  std::map<std::string, Checkpoint> saved;  // by key, until its file is found
  const Clock& clock;
  Sink sink;
  Finished finished;
  std::map<std::string, FollowedFile> files;  // by key
  std::set<std::string> unreadable;           // reported once
  ChangeWatch watch;
  std::atomic<bool> stopping{false};
  bool looked = false;
  bool busy = false;

  void look();
  void found_path(const std::string& path);
  void report_unreadable(const std::string& path, int error);
  bool begin(FollowedFile& file, bool appeared);
  void find_renamed();
  bool read_files();
};

void Tail::State::report_unreadable(const std::string& path, int error) {
  if (!unreadable.insert(path).second) return;
  Metrics::counter("tail_unreadable_files") += 1;
  log_event(
      LogLevel::warn, "tail_unreadable",
      {{"path", path}, {"reason", std::strerror(error)}, {"next", "tried again at each look"}});
}

// Where reading of a file just found begins. False if the sink was too busy for its first
// checkpoint: the file is then found again later.
bool Tail::State::begin(FollowedFile& file, bool appeared) {
  if (const auto known = saved.find(file.key()); known != saved.end()) {
    if (file.continues(known->second)) file.resume(known->second);
    saved.erase(known);
    return true;
  }
  for (const auto& [key, other] : files) {
    const bool rotated_name = file.source.starts_with(other.source);
    if (rotated_name && other.at().head_bytes > 0 && file.is_copy_of(other.at())) {
      file.resume(other.at());
      return true;
    }
  }
  if (appeared || file.born() >= options.first_start) return true;
  file.start_at_end();
  // An empty payload: from now on a restart goes on from here.
  return sink({.bytes = {}, .source = file.source}, file.at()) == SinkAnswer::taken;
}

void Tail::State::found_path(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) report_unreadable(path, errno);
    return;
  }
  if (!S_ISREG(status.st_mode)) return;
  const std::string key = Checkpoint{.device = status.st_dev, .inode = status.st_ino}.key();
  if (const auto known = files.find(key); known != files.end()) {
    known->second.current = true;
    return;
  }
  if (files.size() >= limits::kTailFilesMax) {
    Metrics::counter("tail_files_max") += 1;
    return;
  }
  auto file = FollowedFile::open(path);
  if (!file) {
    if (errno != ENOENT) report_unreadable(path, errno);
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
    const std::size_t wild = pattern.find_first_of("*?[{");
    watch.add_folder(folder_of(pattern.substr(0, wild)));
    for (const auto& path : files_of_glob(pattern)) found_path(path);
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
    const Millis wait = state.busy ? kBusyWait : any ? Millis(0) : state.options.rescan;
    look = state.watch.wait(wait) == ChangeWatch::Change::names;
  }
}

void Tail::stop() {
  state_->stopping = true;
  state_->watch.wake();
}

}  // namespace healer
