#include "types/mask.h"

#include <gtest/gtest.h>

#include "tests/case_file.h"

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

}  // namespace
}  // namespace healer
