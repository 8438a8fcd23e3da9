#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/line_diff.h"
#include "edit/editor.h"
#include "stages/review/review.h"

namespace healer {

// One file of a patch as the rules look at it. Views point into the FileChange.
struct Change {
  const FileChange& file;
  std::vector<DiffLine> lines;            // of both sides, in order
  std::vector<std::string_view> added;    // not counting lines that only moved in the file
  std::vector<std::string_view> removed;  // likewise
  std::vector<Setting> before, after;     // where the format is known and the side parses
  bool test = false;
  bool prose = false;  // documents: only secrets matter
};

Change look_at(const FileChange& file);

// Path rules without a policy; shared by the public predicates.
bool is_test_path(std::string_view path);
bool is_prose_path(std::string_view path);

using Reasons = std::vector<std::string>;

void check_path(const Change& change, const ReviewPolicy& policy, Reasons& reasons);
void check_content(const Change& change, Reasons& reasons);  // secrets, binary, hidden direction
void check_syntax(const Change& change, Reasons& reasons);   // still parses
void check_tests(const Change& change, Reasons& reasons);    // only added to
void check_code(const Change& change, Reasons& reasons);     // nothing swallowed or weakened
void check_settings(const Change& change, const ReviewPolicy& policy, Reasons& reasons);

}  // namespace healer
