#include <gtest/gtest.h>

#include "tests/life/story.h"

namespace healer::testing {
namespace {

constexpr const char* kCases = HEALER_CASES "/incident";

TEST(Life, Cases) {
  const auto answer = [](const CaseFile& file) { return Story(file).tell(); };
  EXPECT_GE(check_cases(kCases, ".case", answer), 100U);
}

// Cut off right before any row of its journal is on disk, it ends the same: one branch, one pull
// request, one merge, nobody told twice.
TEST(Life, EndsTheSameWhereverItIsCutOff) {
  const auto check = [](const std::string& script, const std::string& end) {
    const CaseFile file{"cut off", "cut off", script, ""};
    const std::string whole = Story(file).tell();
    EXPECT_NE(whole.find(end), std::string::npos) << whole;
    for (int n = 1;; ++n) {
      Story story(file);
      story.crash_at(n);
      const std::string told = story.tell();
      if (!story.crashed()) break;
      EXPECT_EQ(told, whole) << "cut off at row " << n;
    }
  };
  const std::string by_policy =
      "traffic: none\npolicy: revert_on_recurrence=true\ndeploy: reports\n"
      "+0s: 6 x pool exhausted\n+10m: 1 x pool exhausted\n+12m: look\n";
  const std::string by_person =
      "traffic: none\nrules: {check: [check], autonomy: pull_request}\n"
      "+0s: 6 x pool exhausted\n+5m: push shop/README.md to main\n+6m: approve head as mara\n"
      "+7m: deploy HEAD\n";
  check(by_policy, "reverted by");
  check(by_person, "verifying");
}

}  // namespace
}  // namespace healer::testing
