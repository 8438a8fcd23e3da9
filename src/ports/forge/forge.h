#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "types/pull_request.h"
#include "types/review.h"

namespace healer {

struct PullDraft {
  std::string head_branch, head_sha, base_branch;
  std::string title, body;
  std::vector<std::string> labels;
  bool draft = false;
};

// Where pull requests live. Every effect has a natural key and may be repeated: opening finds the
// open pull request of the head branch, merging finds the merge of the head commit. Blocking;
// thread-safe.
class Forge {
 public:
  virtual ~Forge() = default;
  // One open pull request a head branch; an existing one takes the new head, title and body.
  virtual Result<PullRequest> open_pull(const std::string& repository, const PullDraft& draft) = 0;
  virtual Result<PullRequest> pull(const std::string& repository, std::int64_t number) = 0;
  virtual Result<std::optional<PullRequest>> find_pull(const std::string& repository,
                                                       const std::string& head_branch) = 0;
  // Replaces an earlier review of the same reviewer and commit.
  virtual Result<void> add_review(const std::string& repository, std::int64_t number,
                                  const Review& review) = 0;
  // The same text is not said twice.
  virtual Result<void> comment(const std::string& repository, std::int64_t number,
                               const std::string& text) = 0;
  // Merges only if the head is still `head_sha` (else conflict); the merge commit. `by`: who is
  // written down.
  virtual Result<std::string> merge(const std::string& repository, std::int64_t number,
                                    const std::string& head_sha, const std::string& by,
                                    UnixMs at) = 0;
  virtual Result<void> close_pull(const std::string& repository, std::int64_t number,
                                  const std::string& by) = 0;
  // Opens a pull request that undoes a merged one, on branch `branch`; found again by that branch.
  virtual Result<PullRequest> open_revert(const std::string& repository, std::int64_t number,
                                          const std::string& branch, UnixMs at) = 0;
  virtual bool hosted() const = 0;  // others than this machine's user see it
};

}  // namespace healer
