#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "edit/editor.h"

// The law, checked from outside: whatever the editor gives back differs from the source in the
// bytes of one value, and reads as the same settings but for that one.
namespace healer {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t n) { return random() % n; }

const std::vector<std::string>& easy_values() {
  static const std::vector<std::string> values{"7", "20", "word", "true", "1.5"};
  return values;
}

const std::vector<std::string>& hard_values() {
  static const std::vector<std::string> values{
      "",    " lead", "trail ", "a b",    "a: b",       "a #b",  "# x",  "it's",  "say \"x\"",
      "- a", "{x}",   "[1, 2]", "null",   "~",          "&a",    "*a",   "!tag",  "%x",
      "@x",  "`x`",   "a\nb",   "a\tb",   "back\\",     "$HOME", "日本", "😀 #",  "\xc2\x85",
      "a,b", "k=v",   "---",    "0x1F",   "2024-01-31", "yes",   ";x",   "a ; b", "\\u0041",
      "'''", "\"",    "\x01",   "a\r\nb", "{{ x }}",    "1_0",   "?",    ": x",   "=x"};
  return values;
}

void expect_only_change(Format format, const std::string& text, const std::vector<Setting>& before,
                        std::size_t target, const std::string& value, const std::string& after) {
  const Setting& old = before[target];
  const auto now = settings_of(format, after);
  ASSERT_TRUE(now) << now.error().message << "\n" << after;
  ASSERT_EQ(now->size(), before.size()) << after;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ((*now)[i].path, before[i].path);
    EXPECT_EQ((*now)[i].value, i == target ? value : before[i].value);
    EXPECT_EQ((*now)[i].comment, before[i].comment) << text << "\n---\n" << after;
  }
  const std::size_t tail = text.size() - old.value_span.offset - old.value_span.length;
  ASSERT_GE(after.size(), old.value_span.offset + tail);
  EXPECT_EQ(after.substr(0, old.value_span.offset), text.substr(0, old.value_span.offset));
  EXPECT_EQ(after.substr(after.size() - tail), text.substr(text.size() - tail));
}

// Sets every scalar to every value; returns how many edits were accepted.
std::size_t edit_every_scalar(Format format, const std::string& text,
                              const std::vector<std::string>& values) {
  const auto before = settings_of(format, text);
  if (!before) return 0;
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < before->size(); ++i) {
    for (const std::string& value : values) {
      const auto after = set_value(format, text, (*before)[i].path, value);
      if (!after) {
        EXPECT_NE(after.error().code, Errc::internal) << after.error().message;
        continue;
      }
      ++accepted;
      expect_only_change(format, text, *before, i, value, *after);
      if (testing::Test::HasFailure()) {
        ADD_FAILURE() << (*before)[i].path << " to " << value << " in\n" << text;
        return accepted;
      }
    }
  }
  return accepted;
}

std::string json_string(Random& random) {
  static const std::vector<std::string> values{
      "plain",      "two words", "größe",   "日本 😀",  "a: b",        "x # y",    "\\\"q\\\"",
      "tab\\there", "",          "{{ x }}", "http://h", "\\u00e9\\\\", "'single'", "10"};
  return "\"" + values[below(random, values.size())] + "\"";
}

std::string bare_value(Random& random) {
  static const std::vector<std::string> values{"1", "-5", "1.5", "true", "false", "1e3", "0"};
  return values[below(random, values.size())];
}

std::string key_name(Random& random, std::size_t index) {
  static const std::vector<std::string> stems{"key", "größe", "a.b", "x-y", "pool max", "日"};
  return stems[below(random, stems.size())] + std::to_string(index);
}

std::string random_json(Random& random, int depth) {
  const std::size_t kind = depth > 3 ? below(random, 2) : below(random, 4);
  if (kind == 0) return json_string(random);
  if (kind == 1) return bare_value(random);
  static const std::vector<std::string> gaps{"", " ", "\n  ", "\t", "\r\n"};
  auto gap = [&] { return gaps[below(random, gaps.size())]; };
  std::string out(1, kind == 2 ? '{' : '[');
  const std::size_t count = below(random, 4);
  for (std::size_t i = 0; i < count; ++i) {
    out += (i > 0 ? "," : "") + gap();
    if (kind == 2) out += "\"" + key_name(random, i) + "\"" + gap() + ":" + gap();
    out += random_json(random, depth + 1);
    out += gap();
  }
  return out + (kind == 2 ? "}" : "]");
}

std::string maybe_comment(Random& random, std::string_view mark) {
  return below(random, 3) == 0 ? "   " + std::string(mark) + " größe: 5" : "";
}

std::string random_yaml(Random& random, std::size_t indent, int depth) {
  std::string out;
  const std::string margin(indent, ' ');
  const bool list = depth > 0 && below(random, 3) == 0;
  const std::size_t count = 1 + below(random, 4);
  for (std::size_t i = 0; i < count; ++i) {
    if (below(random, 5) == 0) out += margin + "# about the next one\n";
    if (below(random, 8) == 0) out += "\n";
    out += margin + (list ? "-" : key_name(random, i) + ":");
    switch (depth > 3 ? below(random, 4) : below(random, 6)) {
      case 0: out += " " + json_string(random) + maybe_comment(random, "#") + "\n"; break;
      case 1: out += " " + bare_value(random) + maybe_comment(random, "#") + "\n"; break;
      case 2: out += " 'it''s'" + maybe_comment(random, "#") + "\n"; break;
      case 3: out += " plain text/5m" + maybe_comment(random, "#") + "\n"; break;
      case 4: out += " {a: 1, \"b\": [x, 'y', 2]}\n"; break;
      default: out += "\n" + random_yaml(random, indent + 2, depth + 1);
    }
  }
  return out;
}

std::string random_toml(Random& random) {
  std::string out;
  for (std::size_t table = 0; table < 3; ++table) {
    if (table > 0) out += "\n[\"tab.le" + std::to_string(table) + "\"." + "x]\n";
    for (std::size_t i = 0; i < 1 + below(random, 4); ++i) {
      out += "\"" + key_name(random, i) + std::to_string(table) + "\" = ";
      switch (below(random, 4)) {
        case 0: out += json_string(random); break;
        case 1: out += bare_value(random); break;
        case 2: out += "'lit 日'"; break;
        default: out += "[ 1, \"é\", { a = 2, b = 'x' } ]";
      }
      out += maybe_comment(random, "#") + "\n";
    }
  }
  return out;
}

std::string random_lines(Random& random, Format format) {
  std::string out;
  for (std::size_t i = 0; i < 2 + below(random, 6); ++i) {
    if (format == Format::ini && below(random, 3) == 0)
      out += "[section" + std::to_string(i) + "]\n";
    if (below(random, 4) == 0) out += "# about\n";
    out += "KEY_" + std::to_string(i) + (format == Format::env ? "=" : " = ");
    switch (below(random, 4)) {
      case 0: out += bare_value(random); break;
      case 1: out += format == Format::properties ? "größe" : "'quoted text'"; break;
      case 2: break;
      default: out += "word";
    }
    out += (format == Format::properties ? "" : maybe_comment(random, "#")) + "\n";
  }
  return out;
}

std::string random_document(Random& random, Format format) {
  std::string text;
  if (format == Format::json)
    text = "{\"root\": " + random_json(random, 0) + ", \"n\": 1}";
  else if (format == Format::yaml)
    text = random_yaml(random, 0, 0) + (below(random, 3) == 0 ? "---\nz: 1\n" : "");
  else if (format == Format::toml)
    text = random_toml(random);
  else
    text = random_lines(random, format);
  if (format != Format::json && below(random, 3) == 0) {
    std::string crlf;
    for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    text = crlf;
  }
  if (below(random, 4) == 0)
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (below(random, 5) == 0) text = "\xef\xbb\xbf" + text;
  return text;
}

class EveryFormat : public testing::TestWithParam<Format> {};

TEST_P(EveryFormat, RandomDocumentsKeepAllOtherBytes) {
  Random random(20'240'131);
  std::size_t easy = 0, hard = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string text = random_document(random, GetParam());
    ASSERT_TRUE(parses(GetParam(), text)) << parses(GetParam(), text).error().message << "\n"
                                          << text;
    const std::size_t settings = settings_of(GetParam(), text)->size();
    const std::size_t accepted = edit_every_scalar(GetParam(), text, easy_values());
    EXPECT_EQ(accepted, settings * easy_values().size()) << text;
    easy += accepted;
    hard += edit_every_scalar(GetParam(), text, hard_values());
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(easy, 500U);
  EXPECT_GT(hard, easy);
}

TEST_P(EveryFormat, AddThenRemoveGivesTheFileBack) {
  Random random(7);
  std::size_t rounds = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string text = random_document(random, GetParam());
    const auto before = settings_of(GetParam(), text);
    const auto added = add_key(GetParam(), text, "", "ADDED", "5");
    if (!added) {
      EXPECT_NE(added.error().code, Errc::internal);
      continue;
    }
    const auto after = settings_of(GetParam(), *added);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->size(), before->size() + 1);
    EXPECT_TRUE(std::ranges::any_of(*after, [](const Setting& s) { return s.path == "ADDED"; }));
    const auto removed = remove_key(GetParam(), *added, "ADDED");
    ASSERT_TRUE(removed) << removed.error().message << "\n" << *added;
    if (*removed != text) {
      // Only the blank line that parts a new root key from the first table may remain.
      EXPECT_EQ(removed->size(), text.size() + (text.find("\r\n") == text.npos ? 1U : 2U))
          << text << "\n---\n"
          << *removed;
    }
    ++rounds;
  }
  EXPECT_GT(rounds, 80U);
}

std::size_t comment_lines(const std::string& text) {
  std::size_t count = 0;
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (const auto first = line.find_first_not_of(" \xef\xbb\xbf"); first != line.npos)
      count += line[first] == '#' ? 1U : 0U;
  return count;
}

TEST_P(EveryFormat, RemovingOneKeepsTheRestAndAllCommentLines) {
  Random random(4711);
  std::size_t removed = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string text = random_document(random, GetParam());
    const auto before = settings_of(GetParam(), text);
    ASSERT_TRUE(before);
    for (std::size_t target = 0; target < before->size(); ++target) {
      const auto after = remove_key(GetParam(), text, (*before)[target].path);
      if (!after) continue;
      const auto rest = settings_of(GetParam(), *after);
      ASSERT_TRUE(rest);
      ASSERT_EQ(rest->size() + 1, before->size()) << text << "\n---\n" << *after;
      for (std::size_t k = 0; k < rest->size(); ++k)
        EXPECT_EQ((*rest)[k].value, (*before)[k < target ? k : k + 1].value);
      EXPECT_EQ(comment_lines(*after), comment_lines(text)) << text << "\n---\n" << *after;
      EXPECT_EQ(after->ends_with('\n'), text.ends_with('\n')) << text << "\n---\n" << *after;
      ASSERT_FALSE(HasFailure()) << (*before)[target].path;
      ++removed;
    }
  }
  EXPECT_GT(removed, 100U);
}

TEST_P(EveryFormat, HostileBytesNeverBreak) {
  Random random(99);
  for (int i = 0; i < 3000; ++i) {
    std::string text = random_document(random, GetParam());
    for (std::size_t k = 0; k < 1 + below(random, 4) && !text.empty(); ++k) {
      const std::size_t at = below(random, text.size());
      static const std::string kBytes("\"'{}[]:,#=\\\n\r\t -&*!|>\x00\xff\xc3%@", 27);
      if (below(random, 2) == 0)
        text[at] = kBytes[below(random, kBytes.size())];
      else
        text.erase(at, 1 + below(random, 5));
    }
    const auto all = settings_of(GetParam(), text);
    if (!all || all->empty()) continue;
    for (const Setting& s : *all)
      ASSERT_LE(s.value_span.offset + s.value_span.length, text.size()) << text;
    const std::size_t target = below(random, all->size());
    const auto after = set_value(GetParam(), text, (*all)[target].path, "42");
    if (after && *after != text) expect_only_change(GetParam(), text, *all, target, "42", *after);
    ASSERT_FALSE(HasFailure()) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryFormat,
                         testing::Values(Format::yaml, Format::json, Format::toml, Format::ini,
                                         Format::env, Format::properties),
                         [](const auto& param) { return std::string(to_string(param.param)); });

// One line of 250 kB, many anchors, deep nesting: linear work or an early refusal.
TEST(Size, HostileShapesEndSoon) {
  auto repeated = [](std::string_view head, std::string_view item, std::size_t count,
                     std::string_view tail) {
    std::string out(head);
    for (std::size_t i = 0; i < count; ++i) out += item;
    return out + std::string(tail);
  };
  std::string anchors;
  for (int i = 0; i < 8'000; ++i) {
    const std::string n = std::to_string(i);
    anchors += "k" + n + ": &a" + n + " [1]\nl" + n + ": *a" + n + "\n";
  }
  const std::vector<std::pair<Format, std::string>> texts{
      {Format::yaml, repeated("a: [", "1,", 125'000, "1]\n")},
      {Format::json, repeated("[", "1,", 125'000, "1]")},
      {Format::toml, repeated("é = [", "1,", 125'000, "1]\n").replace(0, 2, "\"é\"")},
      {Format::yaml, anchors},
      {Format::yaml, repeated("", "[", 100'000, "")},
      {Format::json, repeated("", "[", 100'000, "")},
      {Format::toml, repeated("a = ", "[", 100'000, "")},
      {Format::yaml, repeated("", "- ", 100'000, "x\n")},
      {Format::env, repeated("", "A=1\n", 60'000, "")},
      {Format::ini, repeated("[s]\n", "a=1\n", 60'000, "")},
      {Format::properties, repeated("a=", "x\\\n", 60'000, "")}};
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& [format, text] : texts) {
    const auto all = settings_of(format, text);
    if (!all) continue;
    const auto after = set_value(format, text, all->back().path, "2");
    if (after) {
      EXPECT_TRUE(parses(format, *after));
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(seconds.count(), 20.0);  // a quadratic reader takes minutes
}

// The texts of the case files are the corpus of handwritten documents.
TEST(Corpus, EveryScalarOfTheCases) {
  namespace fs = std::filesystem;
  std::size_t accepted = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(HEALER_CASES) / "edit")) {
    std::stringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string all = content.str();
    const std::size_t begin = all.find("====\n"), end = all.find("\n====", begin + 4);
    if (begin == all.npos || end == all.npos) continue;
    const auto format = parse_enum<Format>(all.substr(8, all.find('\n') - 8));
    ASSERT_TRUE(format) << entry.path();
    const std::string text = all.substr(begin + 5, end - begin - 4);
    accepted += edit_every_scalar(*format, text, easy_values());
    accepted += edit_every_scalar(*format, text, hard_values());
  }
  EXPECT_GT(accepted, 2000U);
}

}  // namespace
}  // namespace healer
