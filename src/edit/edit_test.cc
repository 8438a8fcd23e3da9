#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/line_diff.h"
#include "edit/editor.h"

// tests/cases/edit/*.case: `format: X`, perhaps `crlf: yes` or `bom: yes` or `final_newline: no`; a
// line of ==== and the text; then one section per question: `==== set PATH | VALUE`, `==== add
// PARENT | KEY | VALUE`, `==== remove PATH`, `==== settings`, `==== parses`. Below it the answer:
// the changed lines, or the error. HEALER_UPDATE=1 writes the answers.
namespace healer {
namespace {

namespace fs = std::filesystem;

struct Case {
  Format format = Format::yaml;
  bool crlf = false;
  std::string text;
  std::vector<std::string> questions;
};

std::string shown(std::string_view line) {
  std::string out;
  for (const char c : line) out += c == '\r' ? std::string("<CR>") : std::string(1, c);
  return out;
}

// The changed lines, each behind its number in the file it is from.
std::string changes(std::string_view before, std::string_view after) {
  std::string out;
  for (const DiffLine& line : line_diff(before, after)) {
    if (line.kind == DiffLine::Kind::same) continue;
    const bool removed = line.kind == DiffLine::Kind::removed;
    out += (removed ? "-" : "+") + std::to_string(removed ? line.old_line : line.new_line) + "| " +
           shown(line.text) + "\n";
  }
  const bool had = before.ends_with('\n'), has = after.ends_with('\n');
  if (had != has) out += has ? "final newline added\n" : "final newline lost\n";
  return out.empty() ? "unchanged\n" : out;
}

std::string described(const Error& error) {
  return "error " + std::string(errc_name(error.code)) + ": " + error.message + "\n";
}

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (std::size_t hit; (hit = text.find(by, at)) != text.npos; at = hit + by.size())
    out.emplace_back(text.substr(at, hit - at));
  out.emplace_back(text.substr(at));
  return out;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

std::string list_settings(const Case& c) {
  const auto all = settings_of(c.format, c.text);
  if (!all) return described(all.error());
  std::string out;
  for (const Setting& s : *all) {
    std::string comment = s.comment;
    std::ranges::replace(comment, '\n', '/');
    out += std::to_string(s.line) + ": " + s.path + " = " + shown(s.value) + " (" +
           std::string(to_string(s.kind)) + " " +
           shown(c.text.substr(s.value_span.offset, s.value_span.length)) + ")" +
           (comment.empty() ? "" : " # " + comment) + "\n";
  }
  return out;
}

std::string answer(const Case& c, std::string_view question) {
  const std::string verb(question.substr(0, question.find(' ')));
  const auto words = question.size() > verb.size() + 1
                         ? split(question.substr(verb.size() + 1), " | ")
                         : std::vector<std::string>{};
  if (verb == "settings") return list_settings(c);
  if (verb == "parses") {
    const auto ok = parses(c.format, c.text);
    return ok ? "yes\n" : described(ok.error());
  }
  Result<std::string> after = fail(Errc::internal, "unknown question");
  if (verb == "set" && words.size() == 2)
    after = set_value(c.format, c.text, words[0], words[1]);
  else if (verb == "add" && words.size() == 3)
    after = add_key(c.format, c.text, words[0] == "." ? "" : words[0],
                    words[1] == "-" ? "" : words[1], words[2]);
  else if (verb == "remove" && words.size() == 1)
    after = remove_key(c.format, c.text, words[0]);
  return after ? changes(c.text, *after) : described(after.error());
}

void check(const fs::path& file) {
  std::stringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  const auto sections = split("\n" + content.str(), "\n====");
  ASSERT_GE(sections.size(), 3U) << file;
  Case c;
  bool bom = false, final_newline = true;
  for (const auto& line : split(sections[0], "\n")) {
    if (line.starts_with("format: ")) c.format = parse_enum<Format>(line.substr(8)).value();
    if (line == "crlf: yes") c.crlf = true;
    if (line == "bom: yes") bom = true;
    if (line == "final_newline: no") final_newline = false;
  }
  // The section's first line end belongs to its ==== line.
  c.text = sections[1].substr(1) + (final_newline ? "\n" : "");
  if (sections[1].size() <= 1) c.text.clear();
  if (c.crlf) c.text = with_crlf(c.text);
  if (bom) c.text = "\xef\xbb\xbf" + c.text;
  std::string actual = sections[0].substr(1) + "\n====" + sections[1] + "\n";
  for (std::size_t i = 2; i < sections.size(); ++i) {
    std::string question = sections[i].substr(0, sections[i].find('\n'));
    if (question.starts_with(' ')) question.erase(0, 1);
    actual += "==== " + question + "\n" + answer(c, question);
  }
  if (actual == content.str()) return;
  if (std::getenv("HEALER_UPDATE") != nullptr) {
    std::ofstream(file, std::ios::binary) << actual;
    return;
  }
  EXPECT_EQ(actual, content.str()) << file;
}

TEST(EditCases, AnswerAsWritten) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(HEALER_CASES) / "edit")) {
    if (entry.path().extension() != ".case") continue;
    check(entry.path());
    ++files;
  }
  EXPECT_GE(files, 20U);
}

TEST(FormatOf, GoesByName) {
  EXPECT_EQ(format_of("a/b/values.YAML"), Format::yaml);
  EXPECT_EQ(format_of("deploy/.env.production"), Format::env);
  EXPECT_EQ(format_of(".env"), Format::env);
  EXPECT_EQ(format_of("my.cnf"), Format::ini);
  EXPECT_EQ(format_of("config.toml.example"), Format::toml);
  EXPECT_EQ(format_of("src/main/resources/application.properties"), Format::properties);
  EXPECT_EQ(format_of("main.cc"), std::nullopt);
  EXPECT_EQ(format_of("Makefile"), std::nullopt);
}

TEST(Paths, QuoteAndUnquote) {
  for (const std::string_view key :
       {"a", "a.b", "", "a\"b", "x[0]", "@1", "back\\slash", "q\\\""}) {
    EXPECT_EQ(path_leaf("p[3]." + path_step(key)), key);
    EXPECT_EQ(path_leaf("p." + path_step(key) + "[12]"), key);
  }
  EXPECT_EQ(path_step("plain-key_1"), "plain-key_1");
  EXPECT_EQ(path_step("a/b"), "a/b");
}

}  // namespace
}  // namespace healer
