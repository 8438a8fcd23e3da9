#include "incident/worktree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "base/hash.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "types/json.h"
#include "types/mask.h"

namespace healer {
namespace {

using Kind = WorktreeEntry::Kind;

struct CloseFd {
  int fd;
  ~CloseFd() { close(fd); }
};
using Folder = std::unique_ptr<DIR, decltype([](DIR* folder) { closedir(folder); })>;

std::unexpected<Error> unreadable(const std::string& path) {
  return fail(Errc::denied, fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
}

// Neither follows a link nor waits for the other end of a pipe.
int open_plain(int folder, const char* name, int flags = 0) {
  return openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);
}

// Fills the buffer but for the end of the file; nullopt: it cannot be read.
std::optional<std::size_t> read_fully(int fd, char* buffer, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t n = read(fd, buffer + filled, size - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return filled;
}

class Reader {
 public:
  Result<Worktree> read(const std::string& folder) {
    TRY(read_folder(AT_FDCWD, folder.c_str(), "", 0));
    return std::move(found_);
  }

 private:
  Result<void> read_folder(int parent, const char* name, const std::string& path,
                           std::size_t depth) {
    if (depth > limits::kAgentFolderDepthMax) {
      ++Metrics::counter("agent_folder_depth_limit_hits");
      return fail(Errc::full,
                  fmt::format("folders are more than {} deep", limits::kAgentFolderDepthMax));
    }
    const int fd = open_plain(parent, name, O_DIRECTORY);
    if (fd < 0) return unreadable(path.empty() ? name : path);
    const Folder folder(fdopendir(fd));
    if (!folder) {
      close(fd);
      return unreadable(path);
    }
    for (const dirent* entry = readdir(folder.get()); entry != nullptr;
         entry = readdir(folder.get())) {
      const std::string_view child = entry->d_name;
      if (child == "." || child == ".." || (path.empty() && child == ".git")) continue;
      TRY(read_entry(fd, entry->d_name, path.empty() ? entry->d_name : path + "/" + entry->d_name,
                     depth));
    }
    return {};
  }

  Result<void> read_entry(int parent, const char* name, const std::string& path,
                          std::size_t depth) {
    if (found_.size() >= limits::kRepoFilesMax) {
      ++Metrics::counter("repo_files_limit_hits");
      return fail(Errc::full, fmt::format("there are more than {} files", limits::kRepoFilesMax));
    }
    struct stat about{};
    if (fstatat(parent, name, &about, AT_SYMLINK_NOFOLLOW) != 0) return unreadable(path);
    WorktreeEntry entry;
    entry.kind = S_ISREG(about.st_mode)   ? Kind::file
                 : S_ISDIR(about.st_mode) ? Kind::folder
                 : S_ISLNK(about.st_mode) ? Kind::link
                                          : Kind::other;
    if (entry.kind == Kind::file) {
      entry.executable = (about.st_mode & S_IXUSR) != 0;
      entry.hash = TRY(hash_file(parent, name, path));
    } else if (entry.kind == Kind::link) {
      std::array<char, 4096> target{};
      const ssize_t n = readlinkat(parent, name, target.data(), target.size());
      if (n < 0) return unreadable(path);
      entry.hash = hash64({target.data(), static_cast<std::size_t>(n)});
    }
    found_.emplace(path, entry);
    if (entry.kind == Kind::folder) return read_folder(parent, name, path, depth + 1);
    return {};
  }

  Result<std::uint64_t> hash_file(int parent, const char* name, const std::string& path) {
    const int fd = open_plain(parent, name);
    if (fd < 0) return unreadable(path);
    const CloseFd closing{fd};
    std::uint64_t hash = 0;
    for (;;) {
      const auto n = read_fully(fd, buffer_.data(), buffer_.size());
      if (!n) return unreadable(path);
      if (*n == 0) return hash;
      hash = hash64({buffer_.data(), *n}, hash);
    }
  }

  Worktree found_;
  std::array<char, 64 * 1024> buffer_{};
};

// The bytes of a regular file below the folder, no link on the way; nullopt: not read, or too long.
std::optional<std::string> read_plain(const std::string& folder, std::string_view path) {
  const int top = open_plain(AT_FDCWD, folder.c_str(), O_DIRECTORY);
  if (top < 0) return std::nullopt;
  auto at = std::make_unique<CloseFd>(top);
  for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    const int next = open_plain(at->fd, std::string(path.substr(0, slash)).c_str(), O_DIRECTORY);
    if (next < 0) return std::nullopt;
    at = std::make_unique<CloseFd>(next);
    path.remove_prefix(slash + 1);
  }
  const int fd = open_plain(at->fd, std::string(path).c_str());
  if (fd < 0) return std::nullopt;
  const CloseFd closing{fd};
  std::string out(limits::kRepoFileBytesMax + 1, '\0');
  const auto filled = read_fully(fd, out.data(), out.size());
  if (!filled || *filled > limits::kRepoFileBytesMax) return std::nullopt;
  out.resize(*filled);
  return out;
}

// What cannot be kept as text, byte for byte.
bool is_binary(std::string_view text) { return text.contains('\0') || !is_utf8(text); }

// Shown to people and written on pull requests, so it is as plain as a path should be.
bool is_plain_path(std::string_view path) {
  return is_utf8(path) && std::ranges::none_of(path, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '`' || c == '\\';
         });
}

Refusal refuse(std::string because) { return {std::move(because)}; }

const WorktreeEntry* entry_of(const Worktree& tree, const std::string& path) {
  const auto it = tree.find(path);
  return it == tree.end() ? nullptr : &it->second;
}

struct ChangedFile {
  std::string path;
  bool was = false, is = false, executable = false;
};
using ChangedFiles = std::vector<ChangedFile>;

std::variant<ChangedFiles, Refusal> changed_files(const Worktree& before, const Worktree& after) {
  ChangedFiles out;
  const auto look = [&](const std::string& path) -> std::optional<Refusal> {
    const WorktreeEntry *was = entry_of(before, path), *is = entry_of(after, path);
    const Kind kind = is != nullptr ? is->kind : was->kind;
    const bool same = was != nullptr && is != nullptr && was->hash == is->hash;
    if (was != nullptr && is != nullptr && was->kind != is->kind)
      return refuse(fmt::format("{:?} became something else than it was", path));
    if (kind == Kind::folder || (same && kind != Kind::other)) return std::nullopt;
    if (kind == Kind::link) return refuse(fmt::format("{:?} is a symbolic link", path));
    if (kind == Kind::other) return refuse(fmt::format("{:?} is no regular file", path));
    if (!is_plain_path(path)) return refuse(fmt::format("{:?} is no plain name of a file", path));
    out.push_back({path, was != nullptr, is != nullptr, is != nullptr && is->executable});
    return std::nullopt;
  };
  for (const auto& [path, entry] : after)
    if (auto refusal = look(path)) return *refusal;
  for (const auto& [path, entry] : before)
    if (!after.contains(path))
      if (auto refusal = look(path)) return *refusal;
  std::ranges::sort(out, {}, &ChangedFile::path);
  return out;
}

std::variant<std::vector<SettingEdit>, Refusal> edits_of_file(const std::string& folder,
                                                              const ChangedFile& file,
                                                              const ReadFile& base) {
  const auto before = file.was ? base(file.path) : std::nullopt;
  if (file.was && !before)
    return refuse(fmt::format("{} is larger than healer takes, or cannot be read", file.path));
  if (!file.is)
    return std::vector<SettingEdit>{{.file = file.path,
                                     .op = EditOp::delete_file,
                                     .path = {},
                                     .old_value = content_hash(*before)}};
  const auto after = read_plain(folder, file.path);
  if (!after)
    return refuse(fmt::format("{} is larger than healer takes, or cannot be read", file.path));
  if (is_binary(*after) || (before && is_binary(*before)))
    return refuse(fmt::format("{} is binary", file.path));
  if (before) return line_edits(file.path, *before, *after);
  return std::vector<SettingEdit>{{.file = file.path,
                                   .op = EditOp::create_file,
                                   .path = {},
                                   .new_value = *after,
                                   .executable = file.executable}};
}

}  // namespace

Result<Worktree> read_worktree(const std::string& folder) { return Reader().read(folder); }

std::variant<std::vector<SettingEdit>, Refusal> edits_of(const std::string& folder,
                                                         const Worktree& before,
                                                         const Worktree& after,
                                                         const ReadFile& base) {
  auto changed = changed_files(before, after);
  if (auto* refusal = std::get_if<Refusal>(&changed)) return std::move(*refusal);
  const auto& files = std::get<ChangedFiles>(changed);
  if (files.size() > limits::kDiffFilesMax) {
    ++Metrics::counter("diff_files_limit_hits");
    return refuse(fmt::format("it changed {} files (most {}), {} among them", files.size(),
                              limits::kDiffFilesMax, files.front().path));
  }
  std::vector<SettingEdit> out;
  std::size_t bytes = 0;
  for (const auto& file : files) {
    auto edits = edits_of_file(folder, file, base);
    if (auto* refusal = std::get_if<Refusal>(&edits)) return std::move(*refusal);
    for (auto& edit : std::get<std::vector<SettingEdit>>(edits)) {
      bytes += edit.old_value.size() + edit.new_value.size();
      if (has_secret(edit.old_value) || has_secret(edit.new_value))
        return refuse(fmt::format("what it changed in {} looks like a secret", file.path));
      out.push_back(std::move(edit));
    }
    if (bytes > limits::kDiffBytesMax) {
      ++Metrics::counter("diff_bytes_limit_hits");
      return refuse(fmt::format("it changed more than {} bytes", limits::kDiffBytesMax));
    }
  }
  return out;
}

}  // namespace healer
