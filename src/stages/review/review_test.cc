#include "stages/review/review.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/limits.h"
#include "tests/case_file.h"

namespace healer {
namespace {

// "file: PATH [new|deleted]" opens a file; below it ' ', '-' and '+' lines are its whole text.
// "policy: …", "diff: …" set the rest. `#` opens a comment line.
struct Scene {
  Patch patch;
  ReviewPolicy policy;
};

void read_line(FileChange& file, const std::string& line) {
  const std::string text = line.substr(1) + "\n";
  if (line.front() != '+' && file.before) *file.before += text;
  if (line.front() != '-' && file.after) *file.after += text;
}

void read_policy(ReviewPolicy& policy, const std::string& row) {
  std::istringstream in(row);
  for (std::string word; in >> word;) {
    if (word == "log_volume")
      policy.log_volume_incident = true;
    else if (word.starts_with("guarded="))
      policy.guarded.push_back(word.substr(8));
    else if (word.starts_with("forbidden="))
      policy.forbidden.push_back(word.substr(10));
    else
      ADD_FAILURE() << word;
  }
}

void open_file(Patch& patch, const std::string& row) {
  FileChange file;
  std::istringstream in(row);
  std::string state;
  in >> file.path >> state;
  if (state != "new") file.before = "";
  if (state != "deleted") file.after = "";
  patch.files.push_back(file);
}

Scene read(const std::string& input) {
  Scene scene;
  std::istringstream in(input);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("file: "))
      open_file(scene.patch, line.substr(6));
    else if (line.starts_with("policy: "))
      read_policy(scene.policy, line.substr(8));
    else if (line.starts_with("diff: "))
      scene.patch.diff += line.substr(6) + "\n";
    else if (!line.empty() && line.front() != '#' && !scene.patch.files.empty())
      read_line(scene.patch.files.back(), line);
  }
  return scene;
}

TEST(Review, Cases) {
  const auto answer = [](const testing::CaseFile& file) {
    const Scene scene = read(file.input);
    const Review result = review(scene.patch, scene.policy, "c0ffee");
    EXPECT_EQ(result.head_sha, "c0ffee");
    EXPECT_EQ(result.reviewer, "diff-guard");
    EXPECT_EQ(result.verdict == Verdict::approved, result.reasons.empty());
    std::string out =
        fmt::format("{}{}\n", to_string(result.verdict), result.guarded ? ", guarded" : "");
    for (const auto& reason : result.reasons) out += "- " + reason + "\n";
    return out;
  };
  EXPECT_GE(testing::check_cases(HEALER_CASES "/review", ".case", answer), 60U);
}

Patch one(std::string path, std::string before, std::string after) {
  Patch patch;
  patch.files.push_back({std::move(path), std::move(before), std::move(after), false});
  return patch;
}

TEST(Review, SizeLimits) {
  const std::string big(limits::kDiffBytesMax + 1, 'x');
  const auto large = review(one("a.py", "", big), {}, "1");
  EXPECT_EQ(large.verdict, Verdict::changes_requested);
  EXPECT_TRUE(large.reasons.at(0).starts_with("size: the change is larger"));
  Patch many;
  for (std::size_t i = 0; i <= limits::kDiffFilesMax; ++i)
    many.files.push_back({"f" + std::to_string(i) + ".py", "a\n", "b\n", false});
  EXPECT_EQ(review(many, {}, "1").verdict, Verdict::changes_requested);
  many.files.pop_back();
  EXPECT_EQ(review(many, {}, "1").verdict, Verdict::approved);
}

TEST(Review, AnEmptyPatchIsNotApproved) {
  EXPECT_EQ(review({}, {}, "1").verdict, Verdict::changes_requested);
  EXPECT_EQ(review(one("a.py", "x", "x"), {}, "1").verdict, Verdict::changes_requested);
}

TEST(Review, OddPaths) {
  using namespace std::string_literals;
  for (const std::string& path :
       {""s, "/etc/passwd"s, "../x"s, "a/../../x"s, "a//b"s, "./a"s, ".git/hooks/pre-commit"s,
        "sub/.GIT/config"s, ".git /config"s, "git~1/config"s, "a\\b"s, "a\0b"s, "a\nb"s,
        ".git::$INDEX_ALLOCATION/x"s}) {
    const auto result = review(one(path, "a\n", "b\n"), {}, "1");
    EXPECT_EQ(result.verdict, Verdict::changes_requested) << path;
  }
}

TEST(Review, BinaryAndHiddenText) {
  EXPECT_EQ(review(one("a.py", "x", std::string("a\0b", 3)), {}, "1").verdict,
            Verdict::changes_requested);
  EXPECT_EQ(review(one("a.py", "x\n", "x = 1 # \xe2\x80\xae abc\n"), {}, "1").verdict,
            Verdict::changes_requested);
  EXPECT_EQ(review(one("a.py", "x\n", "x = \"\xe2\x80\x94\"\n"), {}, "1").verdict,
            Verdict::approved);
}

}  // namespace
}  // namespace healer
