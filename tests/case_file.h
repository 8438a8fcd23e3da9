#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// Data-driven tests: files of tests/cases/NAME, an input and, below a line `---`, what must come of
// it. HEALER_UPDATE=1 in the environment rewrites the expected side instead of comparing.
namespace healer::testing {

struct CaseFile {
  std::string path, name;
  std::string input, expected;

  // `key: value` lines of the input in order; `#` opens a comment line.
  std::vector<std::pair<std::string, std::string>> rows() const {
    std::vector<std::pair<std::string, std::string>> out;
    std::istringstream lines(input);
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line.front() == '#') continue;
      const auto colon = line.find(':');
      if (colon == std::string::npos) {
        ADD_FAILURE() << path << ": no key: " << line;
        continue;
      }
      const auto start = line.find_first_not_of(' ', colon + 1);
      out.emplace_back(line.substr(0, colon), start == std::string::npos ? "" : line.substr(start));
    }
    return out;
  }
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

inline void expect_same(const std::filesystem::path& path, const std::string& head,
                        const std::string& expected, const std::string& actual) {
  const char* update = std::getenv("HEALER_UPDATE");
  if (update != nullptr && std::string(update) == "1") {
    if (actual != expected) std::ofstream(path, std::ios::binary) << head << actual;
    return;
  }
  EXPECT_EQ(actual, expected) << path;
}

// Runs `answer` over every FILE of `folder` with this extension; returns how many there were.
inline std::size_t check_cases(const std::string& folder, const std::string& extension,
                               const std::function<std::string(const CaseFile&)>& answer) {
  std::size_t count = 0;
  for (const auto& path : sorted_entries(folder)) {
    if (path.extension() != extension) continue;
    CaseFile file{path.string(), path.stem().string(), read_text(path), ""};
    const auto cut = ("\n" + file.input).find("\n---\n");
    if (cut != std::string::npos) {
      file.expected = file.input.substr(cut + 4);
      file.input.resize(cut);
    }
    SCOPED_TRACE(file.path);
    expect_same(path, file.input + "---\n", file.expected, answer(file));
    ++count;
  }
  return count;
}

}  // namespace healer::testing
