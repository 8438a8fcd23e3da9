#include "types/yaml.h"

#include <gtest/gtest.h>

#include <vector>

namespace healer {
namespace {

TEST(Yaml, ReadsATree) {
  const auto root = parse_yaml("a: 1\nb: [x, 'y']\nc:\n  d: ~\n  e: &q hi\nf: *q\n", "t.yaml");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->text("a"), "1");
  EXPECT_EQ(root->texts("b"), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(root->find("c")->find("d")->is_null());
  EXPECT_EQ(root->text("f"), "hi");
  EXPECT_EQ(root->find("b")->line, 2);
}

TEST(Yaml, ErrorsNameFileAndLine) {
  EXPECT_TRUE(parse_yaml("a: [1\nb: 2", "t.yaml").error().message.starts_with("t.yaml:"));
  EXPECT_FALSE(parse_yaml("a: 1\na: 2\n", "t.yaml"));
  EXPECT_TRUE(parse_yaml("", "t.yaml")->is_null());
  EXPECT_TRUE(parse_yaml("# only a comment\n", "t.yaml"));
  const auto root = parse_yaml("chekc: [a]\n", "r.yml");
  EXPECT_EQ(check_keys(*root, {"check", "deploy"}, "r.yml").error().message,
            "r.yml:1: unknown key \"chekc\"; did you mean \"check\"?");
}

TEST(Yaml, BoundedAgainstAliasesThatGrow) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += "*a" + std::to_string(i - 1) + (j < 9 ? ", " : "]\n");
  }
  EXPECT_TRUE(parse_yaml(bomb, "t").error().message.contains("more than 100000 values"));
  EXPECT_FALSE(parse_yaml("a: &a [*a]\n", "t"));
  EXPECT_FALSE(parse_yaml("a: *none\n", "t"));
}

TEST(Yaml, ReadsNothingBehindTheText) {  // which the sanitizers see
  const std::string_view text = "-\n-\n*/-";
  const std::vector<char> exact(text.begin(), text.end());
  EXPECT_FALSE(parse_yaml({exact.data(), exact.size()}, "a.yaml"));
}

TEST(Yaml, DepthIsBoundedThroughAliases) {
  std::string chain = "a0: &a0 x\n";
  for (int i = 1; i < 10; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [[[[[[[[[[*a" +
             std::to_string(i - 1) + "]]]]]]]]]]\n";
  EXPECT_TRUE(parse_yaml(chain, "t").error().message.contains("deeper than 64"));
}

TEST(Yaml, SurvivesWhatLibfyamlDoesNot) {
  for (const char* deadly : {"? -:\t-", "? a:\t- b\n", "?\n  a:\t: b\n", "? a: b\n  c: \t- d\n"})
    EXPECT_FALSE(parse_yaml(deadly, "t")) << deadly;
  EXPECT_EQ(parse_yaml("a:\tb\n", "t")->text("a"), "b");
  EXPECT_EQ(parse_yaml("? a\n: b\n", "t")->text("a"), "b");
  EXPECT_FALSE(parse_yaml("-  -  - - ? - Vdm-- -  *:.\t: -*-\n", "t"));
  EXPECT_FALSE(parse_yaml("? [a]\n: b\n", "t"));
  EXPECT_FALSE(parse_yaml("a: 1\n]\n", "t"));
  EXPECT_EQ(parse_yaml("a: 1\n---\nb: 2\n", "t")->text("a"), "1");
}

// Bytes over which libfyaml loops for ever.
TEST(Yaml, RefusesOddBytesAndDirectives) {
  EXPECT_FALSE(parse_yaml("%autonomy:omy:\xff\xff re.y\xff\"cr", "t"));
  EXPECT_FALSE(parse_yaml("% \t:eac\xf4\xb2\xb2\x9e", "t"));
  EXPECT_FALSE(parse_yaml("%YAML 1.2\n---\na: 1\n", "t"));
  EXPECT_FALSE(parse_yaml(std::string_view("a: 1\0", 5), "t"));
}

}  // namespace
}  // namespace healer
