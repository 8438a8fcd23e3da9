#include "ports/forge/pulls_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "types/json_impl.h"

HEALER_JSON(healer::PullsFile)

namespace healer {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failed(const std::string& what, const std::string& path) {
  return fail(errno == ENOSPC ? Errc::full : Errc::io,
              what + " " + path + ": " + std::strerror(errno));
}

Result<void> write_synced(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return failed("cannot write", path);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(fd, text.data() + written, text.size() - written);
    if (n < 0) {
      auto error = failed("cannot write", path);
      close(fd);
      return error;
    }
    written += static_cast<std::size_t>(n);
  }
  const bool synced = fsync(fd) == 0;
  close(fd);
  if (!synced) return failed("cannot sync", path);
  return {};
}

}  // namespace

Result<std::string> local_path(const std::string& repository) {
  std::string path = repository.starts_with("file://") ? repository.substr(7) : repository;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (!fs::exists(path + "/HEAD") && !fs::exists(path + "/.git"))
    return fail(Errc::not_found, "there is no repository at " + path);
  return path;
}

std::string pulls_path(const std::string& folder) {
  // Inside the repository of a working copy: beside it the file would be somebody's untracked file.
  return folder.ends_with("/.git") ? folder + "/healer-pulls.json" : folder + ".pulls.json";
}

Result<LockedPulls> LockedPulls::open(const std::string& repository) {
  const std::string path = pulls_path(TRY(local_path(repository)));
  const int lock = ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return failed("cannot lock", path);
  if (flock(lock, LOCK_EX) != 0) {
    close(lock);
    return failed("cannot lock", path);
  }
  LockedPulls out(path, lock);
  std::ifstream in(path);
  if (!in) return out;
  std::ostringstream text;
  text << in.rdbuf();
  auto read = from_json<PullsFile>(text.str());
  if (!read) return fail(Errc::corrupt, path + ": " + read.error().message);
  out.file = std::move(*read);
  return out;
}

LockedPulls::LockedPulls(LockedPulls&& other) noexcept
    : file(std::move(other.file)),
      path_(std::move(other.path_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)) {}

LockedPulls::~LockedPulls() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

Result<StoredPull*> LockedPulls::find(std::int64_t number) {
  if (number < 1 || number > static_cast<std::int64_t>(file.pulls.size()))
    return fail(Errc::not_found, "there is no pull request " + std::to_string(number));
  return &file.pulls[static_cast<std::size_t>(number - 1)];
}

Result<void> LockedPulls::save() const {
  const std::string fresh = path_ + ".new";
  TRY(write_synced(fresh, to_json(file)));
  if (rename(fresh.c_str(), path_.c_str()) != 0) return failed("cannot replace", path_);
  return {};
}

}  // namespace healer
