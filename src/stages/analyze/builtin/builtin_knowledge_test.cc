#include "stages/analyze/builtin/builtin_knowledge.h"

#include <gtest/gtest.h>

namespace healer {
namespace {

// The database made by the build finds what the one made on this machine finds.
TEST(BuiltinKnowledge, ItsDatabaseFitsItsEntries) {
  const auto made = builtin_knowledge();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GE((*made)->entries().size(), 400U);
  EXPECT_FALSE((*made)->lexicon().words.empty());
  const std::string text = "FATAL:  sorry, too many clients already";
  const std::string id = (*made)->best(text)->entry->id;
  const auto here = Knowledge::make((*made)->entries(), Lexicon());
  ASSERT_TRUE(here) << here.error().message;
  EXPECT_EQ((*here)->best(text)->entry->id, id);
}

TEST(BuiltinKnowledge, PackedEntriesAreTheSameAndDamageIsSaid) {
  KnowledgeEntry entry;
  entry.id = "ledger.stuck";
  entry.pattern = "ledger is stuck";
  entry.severity = Severity::critical;
  entry.category = Category::database;
  entry.lower = {{.pattern = "retrying", .severity = Severity::medium}};
  entry.files = {"ledger.conf", "ledger.d/*.conf"};
  entry.vague = true;
  const std::string packed = pack_entries({entry, entry});
  const auto read = unpack_entries(packed);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(pack_entries(*read), packed);
  for (std::size_t size : {std::size_t{3}, packed.size() / 3, packed.size() - 1})
    EXPECT_FALSE(unpack_entries(packed.substr(0, size))) << size;
}

TEST(BuiltinKnowledge, ADamagedBrainIsRefused) {
  ASSERT_TRUE(builtin_classifier());
  EXPECT_EQ(Classifier::parse("healer-brain 1\n").error().code, Errc::invalid_input);
  EXPECT_EQ(Classifier::parse("").error().code, Errc::invalid_input);
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
