#pragma once
#include <map>
#include <string>
#include <vector>

#include "ports/forge/forge.h"

namespace healer {

// A forge in memory. Tests set `heads` (branch -> commit) and may let the n-th call fail before or
// after its effect.
class FakeForge final : public Forge {
 public:
  enum class Failure { before_effect, after_effect };
  std::map<std::string, std::string> heads;
  std::vector<PullRequest> pulls;
  std::vector<Review> reviews;
  std::vector<std::string> comments;
  int merges = 0;

  void fail_call(int n, Failure when) {
    fail_at_ = calls_ + n;
    when_ = when;
  }

  Result<PullRequest> open_pull(const std::string&, const PullDraft& draft) override {
    return effect<PullRequest>([&]() -> Result<PullRequest> {
      PullRequest* pull = open_one(draft.head_branch);
      if (pull == nullptr) {
        pulls.emplace_back();
        pull = &pulls.back();
        pull->number = static_cast<std::int64_t>(pulls.size());
        pull->url = "fake#" + std::to_string(pull->number);
      }
      pull->head_branch = draft.head_branch;
      pull->head_sha = heads[draft.head_branch];
      pull->base_branch = draft.base_branch;
      pull->title = draft.title;
      pull->body = draft.body;
      return *pull;
    });
  }
  Result<PullRequest> pull(const std::string&, std::int64_t number) override {
    return effect<PullRequest>([&]() -> Result<PullRequest> {
      PullRequest out = *TRY(find(number));
      if (out.state == PullRequestState::open) out.head_sha = heads[out.head_branch];
      return out;
    });
  }
  Result<std::optional<PullRequest>> find_pull(const std::string&,
                                               const std::string& branch) override {
    for (const auto& pull : pulls)
      if (pull.head_branch == branch) return std::optional<PullRequest>(pull);
    return std::optional<PullRequest>{};
  }
  Result<void> add_review(const std::string&, std::int64_t, const Review& review) override {
    return effect<void>([&]() -> Result<void> {
      reviews.push_back(review);
      return {};
    });
  }
  Result<void> comment(const std::string&, std::int64_t, const std::string& text) override {
    comments.push_back(text);
    return {};
  }
  Result<std::string> merge(const std::string&, std::int64_t number, const std::string& head,
                            const std::string& by, UnixMs) override {
    return effect<std::string>([&]() -> Result<std::string> {
      PullRequest* pull = TRY(find(number));
      if (pull->state == PullRequestState::merged && pull->head_sha == head) return pull->merge_sha;
      if (heads[pull->head_branch] != head || pull->state != PullRequestState::open)
        return fail(Errc::conflict, "the head of the pull request moved");
      ++merges;
      pull->state = PullRequestState::merged;
      pull->head_sha = head;
      pull->merged_by = by;
      pull->merge_sha = std::string(39, 'm') + std::to_string(merges % 10);
      return pull->merge_sha;
    });
  }
  Result<void> close_pull(const std::string&, std::int64_t number, const std::string&) override {
    PullRequest* pull = TRY(find(number));
    if (pull->state == PullRequestState::open) pull->state = PullRequestState::closed;
    return {};
  }
  Result<PullRequest> open_revert(const std::string& repository, std::int64_t number,
                                  const std::string& branch, UnixMs) override {
    const PullRequest* reverted = TRY(find(number));
    heads[branch] = std::string(40, 'r');
    const std::string title = "Revert \"" + reverted->title + "\"";
    return open_pull(repository, {branch, {}, "main", title, {}});
  }
  bool hosted() const override { return false; }

 private:
  template <class T, class Act>
  Result<T> effect(Act act) {
    const bool fails = ++calls_ == fail_at_;
    if (fails && when_ == Failure::before_effect) return fail(Errc::upstream, "the forge is down");
    Result<T> result = act();
    if (fails) return fail(Errc::upstream, "the answer was lost");
    return result;
  }
  PullRequest* open_one(const std::string& branch) {
    for (auto& pull : pulls)
      if (pull.head_branch == branch && pull.state == PullRequestState::open) return &pull;
    return nullptr;
  }
  Result<PullRequest*> find(std::int64_t number) {
    for (auto& pull : pulls)
      if (pull.number == number) return &pull;
    return fail(Errc::not_found, "there is no pull request " + std::to_string(number));
  }
  int calls_ = 0, fail_at_ = 0;
  Failure when_ = Failure::before_effect;
};

}  // namespace healer
