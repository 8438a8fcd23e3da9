#pragma once
#include <map>
#include <mutex>
#include <string>

#include "ports/forge/forge.h"

namespace healer {

// Pull requests of bare repositories on this machine, each in `<repository>.pulls.json` beside it
// (of a working copy's `.git`: inside):
// written to a new file, synced and renamed, under a lock that other processes respect. Merges are
// real merge commits.
class LocalForge final : public Forge {
 public:
  Result<PullRequest> open_pull(const std::string& repository, const PullDraft& draft) override;
  Result<PullRequest> pull(const std::string& repository, std::int64_t number) override;
  Result<std::optional<PullRequest>> find_pull(const std::string& repository,
                                               const std::string& head_branch) override;
  Result<void> add_review(const std::string& repository, std::int64_t number,
                          const Review& review) override;
  Result<void> comment(const std::string& repository, std::int64_t number,
                       const std::string& text) override;
  Result<std::string> merge(const std::string& repository, std::int64_t number,
                            const std::string& head_sha, const std::string& by, UnixMs at) override;
  Result<void> close_pull(const std::string& repository, std::int64_t number,
                          const std::string& by) override;
  Result<PullRequest> open_revert(const std::string& repository, std::int64_t number,
                                  const std::string& branch, UnixMs at) override;
  bool hosted() const override { return false; }

 private:
  std::mutex mutex_;
};

}  // namespace healer
