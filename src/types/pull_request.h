#pragma once
#include <string>
#include <vector>

#include "types/fields.h"

namespace healer {

enum class PullRequestState { open, merged, closed };
template <>
struct NamesOf<PullRequestState> {
  static constexpr std::array<std::string_view, 3> names{"open", "merged", "closed"};
};

struct PullRequest {
  std::int64_t number = 0;
  std::string url;
  std::string head_branch, head_sha;
  std::string base_branch, base_sha;
  std::string title, body;
  std::vector<std::string> labels;
  bool draft = false;
  PullRequestState state = PullRequestState::open;
  std::string merge_sha;  // once merged
  std::string merged_by;  // "healer", or a person
  std::string author;
};
template <>
struct FieldsOf<PullRequest> {
  static constexpr auto table = std::tuple{
      field("number", &PullRequest::number, "number in its repository", true),
      field("url", &PullRequest::url, "address"),
      field("head_branch", &PullRequest::head_branch, "branch", true),
      field("head_sha", &PullRequest::head_sha, "head commit"),
      field("base_branch", &PullRequest::base_branch, "base branch", true),
      field("base_sha", &PullRequest::base_sha, "base commit"),
      field("title", &PullRequest::title, "title"),
      field("body", &PullRequest::body, "text, Markdown"),
      field("labels", &PullRequest::labels, "labels"),
      field("draft", &PullRequest::draft, "not ready"),
      field("state", &PullRequest::state, "open, merged or closed"),
      field("merge_sha", &PullRequest::merge_sha, "merge commit"),
      field("merged_by", &PullRequest::merged_by, "who merged"),
      field("author", &PullRequest::author, "who opened it"),
  };
};

}  // namespace healer
