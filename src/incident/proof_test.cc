#include "incident/proof.h"

#include <gtest/gtest.h>

namespace healer {
namespace {

struct Case {
  const char* name;
  int before;
  const char* before_output;
  int after;
  const char* after_output;
  ProofKind kind;
  bool regression;
};

TEST(Judge, Cases) {
  const Case cases[] = {
      {"fails then passes", 1, "", 0, "", ProofKind::reproduced, false},
      {"passes both times", 0, "", 0, "", ProofKind::no_regression, false},
      {"fails both times", 1, "", 1, "", ProofKind::broken_before, false},
      {"passes then fails", 0, "", 1, "", ProofKind::none, true},
      {"one of two mended", 1, "not ok 1 - pool\nnot ok 2 - disk\n", 1,
       "ok 1 - pool\nnot ok 2 - disk\n", ProofKind::reproduced, false},
      {"one mended, one broken", 1, "not ok pool\nok disk\n", 1, "ok pool\nnot ok disk\n",
       ProofKind::none, true},
      {"what passed is gone", 1, "not ok pool\nok disk\n", 1, "ok pool\n", ProofKind::none, true},
      {"what failed is gone", 1, "not ok pool\n", 1, "", ProofKind::broken_before, false},
      {"a new name proves nothing", 1, "not ok pool\n", 1, "not ok pool\nok other\n",
       ProofKind::broken_before, false},
  };
  for (const auto& c : cases) {
    const Judgement got =
        judge({.passed = c.before == 0, .exit_code = c.before, .output = c.before_output},
              {.passed = c.after == 0, .exit_code = c.after, .output = c.after_output});
    EXPECT_EQ(to_string(got.kind), to_string(c.kind)) << c.name << ": " << got.detail;
    EXPECT_EQ(got.regression, c.regression) << c.name;
    EXPECT_FALSE(got.detail.empty()) << c.name;
  }
}

TEST(NamedResults, ReadsTapAndIgnoresTheRest) {
  const auto results =
      named_results("TAP version 13\n1..3\nok 1 - a b # 3 ms\n  not ok 2 - c\nokay\nok\nok d\n");
  EXPECT_EQ(results, (std::map<std::string, bool>{{"a b", true}, {"c", false}, {"d", true}}));
}

}  // namespace
}  // namespace healer
