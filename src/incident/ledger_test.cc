#include "incident/ledger.h"

#include <gtest/gtest.h>

#include "ports/store/memory_store.h"

namespace healer {
namespace {

struct LedgerTest : testing::Test {
  void commit(WriteBatch batch) { ASSERT_TRUE(commit_and_wait(*store, std::move(batch)).ok()); }
  void commit(WriteOp op) {
    WriteBatch batch;
    batch.add(std::move(op));
    commit(std::move(batch));
  }

  FakeClock clock;
  std::unique_ptr<MemoryStore> store = make_memory_store(clock);
  Ledger ledger{*store, *store};
};

TEST_F(LedgerTest, ADeployOfAnotherEnvironmentIsNotThisOne) {
  commit(*ledger.was_deployed(
      {.service = "shop", .environment = "production", .commit = "a", .at = 1}));
  commit(
      *ledger.was_deployed({.service = "shop", .environment = "staging", .commit = "b", .at = 2}));
  EXPECT_EQ((*ledger.deployed("shop", "production"))->commit, "a");
  EXPECT_EQ((*ledger.deployed("shop", ""))->commit, "b");
  EXPECT_FALSE(ledger.deployed("pay", "production")->has_value());
  commit(*ledger.was_deployed({.service = "shop", .commit = "c", .at = 3}));
  EXPECT_EQ((*ledger.deployed("shop", "production"))->commit, "c")
      << "it names none: it may be any";
}

TEST_F(LedgerTest, KeepsTheLastTwentyDeploys) {
  for (int i = 1; i <= 30; ++i)
    commit(*ledger.was_deployed({.service = "shop", .commit = std::to_string(i), .at = i}));
  const auto kept = ledger.deploys();
  ASSERT_EQ(kept->size(), 20U);
  EXPECT_EQ(kept->front().commit, "11");
  EXPECT_EQ(kept->back().commit, "30");
}

TEST_F(LedgerTest, OneIncidentHoldsASetting) {
  Plan plan;
  plan.edits = {{.file = "a.yaml", .path = "x"},
                {.file = "a.yaml", .path = "y"},
                {.file = "a.yaml", .path = "x"}};
  const auto keys = Ledger::setting_keys("shop", plan);
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_NE(keys, Ledger::setting_keys("pay", plan));
  commit(Ledger::taken(keys[0], "one"));
  EXPECT_EQ(*ledger.holder(keys[0]), "one");
  EXPECT_EQ(*ledger.holder(keys[1]), "");
  commit(Ledger::released(keys[0]));
  EXPECT_EQ(*ledger.holder(keys[0]), "");
}

TEST(Claims, WhoComesFirstHasIt) {
  Claims claims;
  EXPECT_EQ(claims.take("setting", "one"), "one");
  EXPECT_EQ(claims.take("setting", "two"), "one");
  claims.drop("one");
  EXPECT_EQ(claims.take("setting", "two"), "two");
}

// Two steps that decide at once: the first is not held up by the second, the second counts the
// first.
TEST(Claims, PullsAreCountedInTheOrderOfTheirClaims) {
  Claims claims;
  using Pulls = std::map<std::string, std::string>;
  EXPECT_EQ(claims.take_pull("shop", "one"), Pulls{});
  EXPECT_EQ(claims.take_pull("pay", "two"), (Pulls{{"one", "shop"}}));
  EXPECT_EQ(claims.take_pull("shop", "one"), Pulls{}) << "run again, it keeps its place";
  EXPECT_EQ(claims.take_pull("shop", "three"), (Pulls{{"one", "shop"}, {"two", "pay"}}));
  claims.drop("one");
  EXPECT_EQ(claims.take_pull("shop", "three"), (Pulls{{"two", "pay"}}));
}

TEST(StormWatch, TheFirstStandsForTheStorm) {
  StormWatch storm;
  const Millis window(120'000);
  EXPECT_EQ(storm.parent(1000, window), "");
  EXPECT_EQ(storm.join("one", 1000, window), "one");
  EXPECT_EQ(storm.join("two", 100'000, window), "one");
  EXPECT_EQ(storm.parent(219'999, window), "one");
  EXPECT_EQ(storm.parent(220'000, window), "") << "nobody joined for two minutes";
  EXPECT_EQ(storm.join("three", 220'000, window), "three");
}

}  // namespace
}  // namespace healer
