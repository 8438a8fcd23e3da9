#include "engine/outbox.h"

#include <gtest/gtest.h>

#include <mutex>

#include "engine/engine.h"
#include "ports/store/memory_store.h"

namespace healer {
namespace {

constexpr Millis kLongest{10'000};

struct OutboxTest : testing::Test {
  void SetUp() override {
    store = make_memory_store(clock, MemoryWriter::own_thread);
    boot();
  }
  void boot() {
    outbox.reset();
    outbox = std::make_unique<Outbox>(*store, clock, ids,
                                      OutboxOptions{{.attempts_max = 3, .first = Millis(100)}});
    outbox->add_sink("slack", [this](const OutboxRow& row) -> Result<void> {
      sent.push_back(row.id);
      if (answers.empty()) return {};
      auto answer = answers.front();
      answers.erase(answers.begin());
      return answer;
    });
  }
  void put(const std::string& id, const std::string& sink = "slack") {
    WriteBatch batch;
    batch.add(PutOutbox{{id, sink, "text", 0, clock.wall_ms()}});
    ASSERT_TRUE(commit_and_wait(*store, std::move(batch)).ok());
  }
  void settle() {
    outbox->wake();
    ASSERT_TRUE(outbox->quiesce(kLongest));
  }
  std::size_t queued() { return store->outbox(100)->size(); }

  using Sent = std::vector<std::string>;
  FakeClock clock;
  FakeIds ids;
  std::unique_ptr<MemoryStore> store;
  std::vector<std::string> sent;      // touched by the outbox' thread, read when it is quiet
  std::vector<Result<void>> answers;  // what the sink says; then it works
  std::unique_ptr<Outbox> outbox;
};

TEST_F(OutboxTest, delivers_what_is_left_and_what_comes) {
  put("a", "slack:ops");
  outbox->start();
  settle();
  put("b");
  settle();
  EXPECT_EQ(sent, (Sent{"a", "b"}));
  EXPECT_EQ(queued(), 0U);
}

TEST_F(OutboxTest, tries_again_later_and_honours_retry_after) {
  answers = {fail(Errc::upstream, "rate limited", 5000)};
  put("a");
  outbox->start();
  settle();
  clock.advance(Millis(4999));
  settle();
  EXPECT_EQ(sent.size(), 1U);
  EXPECT_EQ((*store->outbox(1))[0].attempts, 1);
  clock.advance(Millis(1));
  settle();
  EXPECT_EQ(sent, (Sent{"a", "a"}));
  EXPECT_EQ(queued(), 0U);
}

TEST_F(OutboxTest, gives_up_after_the_last_attempt_or_a_final_error) {
  answers = {fail(Errc::io, "1"), fail(Errc::io, "2"), fail(Errc::io, "3"),
             fail(Errc::denied, "no such channel")};
  put("a");
  outbox->start();
  for (int i = 0; i < 5; ++i) {
    settle();
    clock.advance(Millis(60'000));
  }
  EXPECT_EQ(sent.size(), 3U);
  EXPECT_EQ(queued(), 0U);
  put("b");
  put("c", "pigeon");
  settle();
  EXPECT_EQ(sent.size(), 4U);
  EXPECT_EQ(queued(), 0U);
}

TEST_F(OutboxTest, does_not_send_again_because_the_disk_was_full) {
  put("a");
  store->fail_commit(1, CommitStatus::full);
  outbox->start();
  ASSERT_TRUE(outbox->quiesce(kLongest));
  EXPECT_EQ(queued(), 1U);
  clock.advance(Millis(60'000));
  settle();
  EXPECT_EQ(queued(), 0U);
  EXPECT_EQ(sent, (Sent{"a"}));
}

TEST_F(OutboxTest, a_row_put_by_a_step_is_delivered_at_once) {
  outbox->start();
  EngineOptions options{.step_threads = 1};
  options.outbox_written = [this] { outbox->wake(); };
  Engine engine(*store, clock, ids, options);
  engine.add_kind("k", {.steps = {{"a", [](StepContext& c) -> StepResult {
                                     StepOk ok{"", "", {}};
                                     ok.also.add(PutOutbox{{"m", "slack", "", 0, c.wall_ms()}});
                                     return ok;
                                   }}}});
  ASSERT_TRUE(engine.recover());
  engine.start({.id = "w", .kind = "k", .step = "a"}, {}, {});
  ASSERT_TRUE(engine.quiesce(kLongest));
  ASSERT_TRUE(outbox->quiesce(kLongest));
  EXPECT_EQ(sent, (Sent{"m"}));
}

}  // namespace
}  // namespace healer
