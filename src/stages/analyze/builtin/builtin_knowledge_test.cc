#include "stages/analyze/builtin/builtin_knowledge.h"

#include <gtest/gtest.h>

namespace healer {
namespace {

TEST(BuiltinKnowledge, KnowsItsOwnExamples) {
  const auto made = builtin_knowledge();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GE((*made)->entries().size(), 100U);
  EXPECT_FALSE((*made)->lexicon().words.empty());
  for (const auto& sentence : check_examples(**made)) ADD_FAILURE() << sentence;
  ASSERT_TRUE((*made)->compile_native());
  for (const auto& sentence : check_examples(**made)) ADD_FAILURE() << sentence;
}

TEST(BuiltinKnowledge, AnOwnEntryIsAddedOrReplacesTheBuiltInOne) {
  KnowledgeEntry added, replacing;
  added.id = "ledger.stuck";
  added.pattern = "ledger is stuck";
  replacing.id = "generic.disk_full";
  replacing.pattern = "the cupboard is full";
  const auto made = builtin_knowledge({added, replacing});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)->best("the ledger is stuck")->entry->id, "ledger.stuck");
  EXPECT_EQ((*made)->best("the cupboard is full")->entry->id, "generic.disk_full");
  EXPECT_FALSE((*made)->best("No space left on device"));
}

}  // namespace
}  // namespace healer
