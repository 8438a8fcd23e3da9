#include "repo/directory_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/limits.h"
#include "base/metrics.h"

namespace healer {
namespace {

constexpr int kDepthMax = 64;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

class Walk {
 public:
  explicit Walk(const TakeFile& take) : take_(take) {}

  // `folder` is taken over. Every name is opened below it and without following links.
  void visit(int folder, const std::string& path, int depth) {
    DIR* entries = fdopendir(folder);
    if (entries == nullptr) {
      close(folder);
      return;
    }
    std::vector<std::string> names;
    while (const dirent* entry = readdir(entries)) names.emplace_back(entry->d_name);
    std::ranges::sort(names);
    for (const std::string& name : names) {
      if (stopped_) break;
      if (name != "." && name != ".." && name != ".git")
        one(dirfd(entries), name, path.empty() ? name : path + "/" + name, depth);
    }
    closedir(entries);
  }

  bool whole() const { return whole_; }

 private:
  void one(int folder, const std::string& name, const std::string& path, int depth) {
    if (!worth_reading(path)) return;
    Descriptor file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info{};
    if (file.get() < 0 || fstat(file.get(), &info) != 0) return;
    if (S_ISDIR(info.st_mode)) {
      // A folder's own name counts as a folder of what is below it.
      if (depth < kDepthMax && worth_reading(path + "/x")) visit(file.release(), path, depth + 1);
      return;
    }
    if (!S_ISREG(info.st_mode)) return;
    if (static_cast<std::size_t>(info.st_size) > limits::kRepoFileBytesMax) return;
    if (++files_ > limits::kRepoFilesMax) {
      Metrics::counter("repo_files_limit_hits").fetch_add(1);
      whole_ = false;
      stopped_ = true;
      return;
    }
    read(file.get(), path);
  }

  void read(int file, const std::string& path) {
    text_.clear();
    char buffer[64 * 1024];
    ssize_t count = 0;
    while ((count = ::read(file, buffer, sizeof buffer)) > 0) {
      text_.append(buffer, static_cast<std::size_t>(count));
      if (text_.size() > limits::kRepoFileBytesMax) return;
    }
    if (count == 0 && !take_(path, text_)) stopped_ = true;
  }

  const TakeFile& take_;
  std::string text_;
  std::size_t files_ = 0;
  bool whole_ = true, stopped_ = false;
};

}  // namespace

FileSource read_directory_tree(std::string root) {
  return [root = std::move(root)](const TakeFile& take) -> Result<bool> {
    Descriptor folder(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0) return fail(Errc::io, root + ": cannot be read: " + std::strerror(errno));
    Walk walk(take);
    walk.visit(folder.release(), "", 0);
    return walk.whole();
  };
}

}  // namespace healer
