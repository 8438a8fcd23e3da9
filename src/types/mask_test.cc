#include "types/mask.h"

#include <gtest/gtest.h>

#include "tests/case_file.h"
#include "types/alias.h"

namespace healer {
namespace {

using testing::CaseFile;

// `¦` is taken out of a case before it is masked: without it, who looks for leaked secrets would
// find the table.
std::string without_bars(std::string text) {
  constexpr std::string_view kBar = "¦";
  for (std::size_t at = 0; (at = text.find(kBar, at)) != std::string::npos;)
    text.erase(at, kBar.size());
  return text;
}

std::string masked(const std::string& text) {
  const std::string out = mask(text).str();
  EXPECT_EQ(has_secret(text), out != text) << text;
  EXPECT_EQ(mask(out).str(), out) << "masking twice changes nothing";
  return out;
}

// tests/cases/mask/*.case: each line is a case. *.whole: the file is one.
TEST(Mask, Cases) {
  const std::string folder = std::string(HEALER_CASES) + "/mask";
  std::size_t lines = 0, secrets = 0;
  testing::check_cases(folder, ".case", [&](const CaseFile& file) {
    std::istringstream in(file.input);
    std::string out;
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("# ")) continue;
      const std::string text = without_bars(line);
      out += masked(text) + "\n";
      ++lines;
      if (has_secret(text)) ++secrets;
      if (file.name == "benign") {
        EXPECT_EQ(mask(text).str(), text);
      }
    }
    return out;
  });
  lines += testing::check_cases(
      folder, ".whole", [](const CaseFile& file) { return masked(without_bars(file.input)); });
  EXPECT_GE(lines, 250U);
  EXPECT_GE(secrets, 150U);
}

// tests/cases/alias/*.case: the text as a model sees it, then the names behind the aliases.
TEST(Alias, CasesAndTheWayBack) {
  const auto count =
      testing::check_cases(std::string(HEALER_CASES) + "/alias", ".case", [](const CaseFile& file) {
        Aliases aliases;
        const Prompt prompt{{Trust::data, "evidence", mask(file.input)}};
        const std::string out = hide_names(prompt, kAllNames, aliases).front().text.str();
        EXPECT_EQ(reveal_names(out, aliases), file.input);
        EXPECT_EQ(hide_names(prompt, {}, aliases).front().text.str(), file.input);
        std::string table;
        for (const auto& [alias, name] : aliases) table += alias + " is " + name + "\n";
        return out + "----\n" + table;
      });
  EXPECT_GE(count, 5U);
}

TEST(Alias, AnAnswerIsMappedBack) {
  const Aliases aliases{{"host-1", "db.shop.example"}, {"path-1", "own/a.yaml"}};
  EXPECT_EQ(reveal_names("host-1. path-1 (host-12, xhost-1, host-1:80)", aliases),
            "db.shop.example. own/a.yaml (host-12, xhost-1, db.shop.example:80)");
}

}  // namespace
}  // namespace healer
