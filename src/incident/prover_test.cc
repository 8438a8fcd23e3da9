#include "incident/prover.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace healer {
namespace {

// The real sandbox: what `setup` makes is there for the check, and only there.
class RealProver : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto support = executor.sandbox_support(); !support.available)
      GTEST_SKIP() << support.reason;
  }
  static Check check(std::vector<std::string> setup, std::vector<std::string> argv) {
    return {.setup = std::move(setup),
            .argv = std::move(argv),
            .tree = "tree",
            .fill = [](const std::string& folder) -> Result<void> {
              std::ofstream(std::filesystem::path(folder) / "value") << "broken\n";
              return {};
            }};
  }
  static Patch patch(std::string after) {
    Patch out;
    out.files = {{.path = "value", .before = "broken\n", .after = std::move(after)}};
    return out;
  }

  SystemExecutor executor;
  Prover prover{executor, {}};
};

TEST_F(RealProver, TheSetupRunsFirst) {
  const auto proven = prover.prove(
      check({"sh", "-c", "cp value made"}, {"sh", "-c", "grep -q mended made"}), patch("mended\n"));
  ASSERT_TRUE(proven) << proven.error().message;
  EXPECT_EQ(proven->proof.kind, ProofKind::reproduced) << proven->proof.detail;
}

TEST_F(RealProver, AFailedSetupProvesNothing) {
  const auto proven =
      prover.prove(check({"sh", "-c", "echo no registry; exit 3"}, {"true"}), patch("mended\n"));
  ASSERT_TRUE(proven) << proven.error().message;
  EXPECT_EQ(proven->proof.kind, ProofKind::broken_before);
  EXPECT_NE(proven->proof.output_after.find("the setup failed:\nno registry"), std::string::npos)
      << proven->proof.output_after;
}

TEST_F(RealProver, AChangeThatBreaksWhatWorkedIsARegression) {
  const auto proven = prover.prove(check({}, {"grep", "-q", "broken", "value"}), patch("mended\n"));
  ASSERT_TRUE(proven) << proven.error().message;
  EXPECT_TRUE(proven->regression);
}

TEST_F(RealProver, WithoutACheckEveryTouchedFileIsParsed) {
  Patch wrong;
  wrong.files = {{.path = "a.json", .before = "{}", .after = "{"}};
  const auto proven = prover.prove(check({}, {}), wrong);
  ASSERT_TRUE(proven);
  EXPECT_EQ(proven->proof.kind, ProofKind::none);
  wrong.files[0].after = "{\"a\": 1}";
  EXPECT_EQ(prover.prove(check({}, {}), wrong)->proof.kind, ProofKind::syntax);
}

}  // namespace
}  // namespace healer
