#include <gtest/gtest.h>

#include "ports/match/fake.h"
#include "ports/match/matcher.h"

namespace healer {
namespace {

const std::vector<Pattern> kPatterns{{1, "connection (refused|reset)"},
                                     {2, "^FATAL"},
                                     {3, "(?i)out of memory"},
                                     {7, "code=(?P<code>[0-9]+)"}};

void contract(const Matcher& matcher) {
  using Ids = std::vector<std::uint32_t>;
  EXPECT_EQ(matcher.scan(""), Ids{});
  EXPECT_EQ(matcher.scan("connection refused, connection reset"), Ids{1}) << "each once";
  EXPECT_EQ(matcher.scan("x\nFATAL: connection reset code=12"), (Ids{1, 2, 7}))
      << "^ is the begin of a line";
  EXPECT_EQ(matcher.scan("xFATAL"), Ids{});
  EXPECT_EQ(matcher.scan("Out Of MEMORY \xff\xfe\x00"), Ids{3}) << "any bytes";
}

TEST(Matcher, HyperscanKeepsTheContract) {
  const auto matcher = compile_matcher(kPatterns);
  ASSERT_TRUE(matcher) << matcher.error().message;
  contract(**matcher);
}

TEST(Matcher, TheSerializedDatabaseKeepsTheContract) {
  const auto bytes = serialize_database(kPatterns);
  ASSERT_TRUE(bytes);
  const auto matcher = load_matcher(*bytes);
  ASSERT_TRUE(matcher) << matcher.error().message;
  contract(**matcher);
  EXPECT_FALSE(load_matcher(std::string_view(*bytes).substr(0, 20)));
}

TEST(Matcher, TheNaiveOneKeepsTheContract) {
  const auto matcher = NaiveMatcher::make(kPatterns);
  ASSERT_TRUE(matcher);
  contract(*matcher);
}

TEST(Matcher, APatternThatOneLibraryRefusesIsAnError) {
  EXPECT_FALSE(compile_matcher({{1, "(a"}}));
  EXPECT_FALSE(compile_matcher({{1, "(?=look)ahead"}})) << "RE2 has no look-ahead";
  EXPECT_TRUE(compile_matcher({}));
}

TEST(Captures, GiveNamedGroups) {
  const auto captures = Captures::compile(kPatterns[3].expression);
  ASSERT_TRUE(captures);
  EXPECT_EQ(captures->find("a code=42")->at("code"), "42");
  EXPECT_FALSE(captures->find("nothing"));
}

}  // namespace
}  // namespace healer
