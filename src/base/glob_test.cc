#include "base/glob.h"

#include <gtest/gtest.h>

namespace healer {
namespace {

struct Row {
  std::string_view pattern, path;
  bool matches;
};

TEST(Glob, Table) {
  const Row rows[] = {
      {"*.yaml", "a.yaml", true},
      {"*.yaml", "deep/er/a.yaml", true},
      {"config/*.yaml", "config/a.yaml", true},
      {"config/*.yaml", "config/x/a.yaml", false},
      {"config/**", "config/x/a.yaml", true},
      {"config/**", "config", false},
      {"**/a.yaml", "a.yaml", true},
      {"**/a.yaml", "x/y/a.yaml", true},
      {"**/a.yaml", "x/ya.yaml", false},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/x/y/c", false},
      {"**/test/**", "src/test/x.py", true},
      {"**/test/**", "src/latest/x.py", false},
      {"**/*secret*", "x/my-secret.txt", true},
      {"**/*a*/**/c?.txt", "1/bab/2/cx.txt", true},
      {".github/workflows/", ".github/workflows/ci.yml", true},
      {".github/workflows/", ".github/workflowsx/ci.yml", false},
      {"Dockerfile", "images/Dockerfile", true},
      {"?.txt", "ab.txt", false},
      {"", "a", false},
      {"**", "anything/at/all", true},
  };
  for (const auto& row : rows)
    EXPECT_EQ(glob_match(row.pattern, row.path), row.matches) << row.pattern << " " << row.path;
}

TEST(Glob, Wildcard) {
  EXPECT_TRUE(wildcard_match("postgresql.*", "postgresql.too_many_connections"));
  EXPECT_TRUE(wildcard_match("*.pool*exhausted", "hikari.pool_is_exhausted"));
  EXPECT_FALSE(wildcard_match("postgresql.*", "mysql.x"));
  EXPECT_TRUE(wildcard_match("*", ""));
  EXPECT_FALSE(wildcard_match("?", ""));
}

}  // namespace
}  // namespace healer
