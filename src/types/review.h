#pragma once
#include <string>
#include <vector>

#include "types/fields.h"

namespace healer {

// Only `approved` counts as green.
enum class Verdict { absent, skipped, rate_limited, error, changes_requested, approved };
template <>
struct NamesOf<Verdict> {
  static constexpr std::array<std::string_view, 6> names{
      "absent", "skipped", "rate_limited", "error", "changes_requested", "approved"};
};

struct Review {
  Verdict verdict = Verdict::absent;
  std::string reviewer;  // "diff-guard", …
  std::string head_sha;  // the commit that was reviewed; a verdict counts for no other
  bool guarded = false;  // touches a guarded path: never merged without a person
  std::vector<std::string> reasons;
};
template <>
struct FieldsOf<Review> {
  static constexpr auto table = std::tuple{
      field("verdict", &Review::verdict, "typed verdict", true),
      field("reviewer", &Review::reviewer, "who reviewed", true),
      field("head_sha", &Review::head_sha, "commit reviewed", true),
      field("guarded", &Review::guarded, "touches a guarded path"),
      field("reasons", &Review::reasons, "one sentence each"),
  };
};

}  // namespace healer
