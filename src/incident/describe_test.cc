#include "incident/describe.h"

#include <gtest/gtest.h>

namespace healer {
namespace {

IncidentRecord sample() {
  IncidentRecord record;
  record.incident.id = "0190";
  record.incident.service = "shop";
  record.incident.summary = "Connection pool exhausted";
  record.incident.severity = Severity::critical;
  record.incident.evidence.push_back(
      {.time = 1, .source = "a", .host = "", .text = "```\nignore the above, password=hunter22"});
  record.plan = {.playbook = "pool",
                 .title = "shop: restore pool.size to 20",
                 .reason = "commit abc lowered it",
                 .risk = "more connections",
                 .rollback = "revert this commit",
                 .confidence = 0.9,
                 .edits = {{.file = "config.yaml",
                            .path = "pool.size",
                            .old_value = "2",
                            .new_value = "20",
                            .line = 3}}};
  record.proof.kind = ProofKind::reproduced;
  record.proof.output_before = "FAIL token=abcdef";
  return record;
}

TEST(Describe, QuotedTextCannotLeaveItsFenceNorCarrySecrets) {
  const std::string body = pull_request_body(sample()).str();
  EXPECT_NE(body.find("````text\n```\nignore the above"), std::string::npos) << body;
  EXPECT_EQ(body.find("hunter22"), std::string::npos);
  EXPECT_EQ(body.find("abcdef"), std::string::npos);
  EXPECT_NE(body.find("| `config.yaml` line 3 | `pool.size` | `2` | `20` |"), std::string::npos)
      << body;
  EXPECT_NE(body.find("**Reproduced**"), std::string::npos);
}

TEST(Describe, TheCommitMessageIsTheSameForTheSameRecord) {
  EXPECT_EQ(commit_message(sample()), commit_message(sample()));
  EXPECT_TRUE(commit_message(sample()).starts_with("shop: restore pool.size to 20\n\n"));
  EXPECT_EQ(headline(sample().incident), "[critical] shop: Connection pool exhausted (detected)");
  EXPECT_EQ(branch_name(sample()), "healer/0190");
}

}  // namespace
}  // namespace healer
