#pragma once
#include <string>
#include <vector>

#include "base/error.h"
#include "types/pull_request.h"
#include "types/review.h"

namespace healer {

struct PullComment {
  std::string text;
};
template <>
struct FieldsOf<PullComment> {
  static constexpr auto table = std::tuple{field("text", &PullComment::text, "Markdown", true)};
};

struct StoredPull {
  PullRequest pull;
  std::vector<Review> reviews;
  std::vector<PullComment> comments;
};
template <>
struct FieldsOf<StoredPull> {
  static constexpr auto table = std::tuple{
      field("pull", &StoredPull::pull, "the pull request", true),
      field("reviews", &StoredPull::reviews, "reviews"),
      field("comments", &StoredPull::comments, "comments"),
  };
};

struct PullsFile {
  std::vector<StoredPull> pulls;  // number n is the n-th, from 1
};
template <>
struct FieldsOf<PullsFile> {
  static constexpr auto table = std::tuple{field("pulls", &PullsFile::pulls, "by number", true)};
};

// Holds the repository's pulls file open for one reader or writer, across processes. save() is
// atomic.
class LockedPulls {
 public:
  static Result<LockedPulls> open(const std::string& repository);
  ~LockedPulls();
  LockedPulls(LockedPulls&& other) noexcept;
  LockedPulls& operator=(LockedPulls&&) = delete;

  PullsFile file;
  Result<StoredPull*> find(std::int64_t number);
  Result<void> save() const;

 private:
  LockedPulls(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}
  std::string path_;
  int lock_fd_;
};

// Where the pull requests of the repository in `folder` are kept.
std::string pulls_path(const std::string& folder);

// The folder of a local repository: strips file://; not_found where it is no bare repository.
Result<std::string> local_path(const std::string& repository);

}  // namespace healer
