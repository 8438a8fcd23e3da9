#include "app/cli/cli.h"

#include <gtest/gtest.h>

namespace healer {
namespace {

CliCommand sample(int& runs) {
  return {.name = "mine",
          .usage = "--input FILE",
          .summary = "Finds the templates of a log",
          .detail = "",
          .options = {{"input", "FILE", "the log"},
                      {"content-only", "", "lines have no header"},
                      {"repo", "DIR", "repository", true}},
          .words_max = 1,
          .run = [&runs](const CliArguments& arguments) {
            ++runs;
            return arguments.has("content-only") ? kExitNothingSafe : kExitDone;
          }};
}

TEST(Cli, ReadsOptionsAndWords) {
  int runs = 0;
  const auto command = sample(runs);
  const auto read = parse_arguments(command, {"--input=a", "--repo", "x", "--repo", "y", "-"});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->value("input"), "a");
  EXPECT_EQ(read->values("repo"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(read->words, std::vector<std::string>{"-"});
}

TEST(Cli, WrongUseNamesTheNearestWord) {
  int runs = 0;
  const auto command = sample(runs);
  const auto message = [&](std::vector<std::string> words) {
    return parse_arguments(command, words).error().message;
  };
  EXPECT_EQ(message({"--inptu", "a"}), "unknown option --inptu; did you mean --input?");
  EXPECT_EQ(message({"--input"}), "--input needs a value: --input FILE");
  EXPECT_EQ(message({"--input", "a", "--input", "b"}), "--input is given twice");
  EXPECT_EQ(message({"--content-only=1"}), "--content-only takes no value");
  EXPECT_EQ(message({"a", "b"}), "unexpected argument \"b\"");
  EXPECT_EQ(message({"-x"}), "unknown option -x");
}

TEST(Cli, ExitCodes) {
  int runs = 0;
  const std::vector<CliCommand> commands{sample(runs)};
  EXPECT_EQ(run_cli(commands, {"mine", "--input", "x"}), kExitDone);
  EXPECT_EQ(run_cli(commands, {"mine", "--content-only"}), kExitNothingSafe);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(run_cli(commands, {"mine", "--nope"}), kExitUsage);
  EXPECT_EQ(run_cli(commands, {"mien"}), kExitUsage);
  EXPECT_EQ(run_cli(commands, {}), kExitUsage);
  EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace healer
