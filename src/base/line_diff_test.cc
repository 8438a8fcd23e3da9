#include "base/line_diff.h"

#include <gtest/gtest.h>

#include <string>

namespace healer {
namespace {

// One character a line: "-b", "+x", " a".
std::string script(std::string_view before, std::string_view after) {
  std::string a, b, out;
  for (const char c : before) a += std::string(1, c) + "\n";
  for (const char c : after) b += std::string(1, c) + "\n";
  for (const auto& line : line_diff(a, b)) {
    out += line.kind == DiffLine::Kind::same ? ' ' : line.kind == DiffLine::Kind::added ? '+' : '-';
    out += line.text;
  }
  return out;
}

TEST(LineDiff, Table) {
  EXPECT_EQ(script("", ""), "");
  EXPECT_EQ(script("abc", "abc"), " a b c");
  EXPECT_EQ(script("abc", "axc"), " a-b+x c");
  EXPECT_EQ(script("", "ab"), "+a+b");
  EXPECT_EQ(script("ab", ""), "-a-b");
  EXPECT_EQ(script("abcd", "bd"), "-a b-c d");
  EXPECT_EQ(script("bd", "abcd"), "+a b+c d");
}

// Applying any script to the old side gives the new side, whatever the texts are.
TEST(LineDiff, ScriptRebuildsTheNewSide) {
  std::uint64_t state = 7;
  const auto next = [&] {
    return (state = state * 6364136223846793005ULL + 1442695040888963407ULL) >> 33;
  };
  for (int round = 0; round < 500; ++round) {
    std::string before, after;
    for (std::uint64_t i = next() % 12; i > 0; --i) before += static_cast<char>('a' + next() % 3);
    for (std::uint64_t i = next() % 12; i > 0; --i) after += static_cast<char>('a' + next() % 3);
    std::string rebuilt, old_side;
    const std::string steps = script(before, after);
    for (std::size_t i = 0; i < steps.size(); i += 2) {
      if (steps[i] != '-') rebuilt += steps[i + 1];
      if (steps[i] != '+') old_side += steps[i + 1];
    }
    ASSERT_EQ(rebuilt, after) << before;
    ASSERT_EQ(old_side, before) << after;
  }
}

TEST(LineDiff, NumbersAndMissingFinalNewline) {
  const auto lines = line_diff("a\nb", "a\nc\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1].old_line, 2U);
  EXPECT_EQ(lines[1].new_line, 0U);
  EXPECT_EQ(lines[2].new_line, 2U);
}

TEST(LineDiff, VeryDifferentTextsAreReplacedWhole) {
  std::string before, after;
  for (int i = 0; i < 5000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(line_diff(before, after).size(), 10'000U);
}

}  // namespace
}  // namespace healer
