#include "ports/orchestrator/orchestrator.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>

#include "ports/orchestrator/embedded.h"
#include "ports/orchestrator/fake.h"
#include "ports/store/memory_store.h"

namespace healer {
namespace {

// Both behind one face: what is handed over waits at "begin" for the outcome "end", which ends it
// with that appended to its state.
struct Driver {
  virtual ~Driver() = default;
  virtual Orchestrator& orchestrator() = 0;
  virtual void settle() = 0;  // until nothing moves any more
};

struct Embedded final : Driver {
  explicit Embedded(MemoryStore& store)
      : engine(store, clock, ids, {.step_threads = 1}), port(engine, store, "incident") {
    WorkflowKind kind;
    kind.steps["begin"] = [](StepContext& c) -> StepResult {
      return StepWait{c.state(), "begin", 0, {}};
    };
    kind.on_event = [](StepContext& c) -> StepResult {
      return StepOk{c.state() + "," + c.event(), "", {}};
    };
    engine.add_kind("incident", std::move(kind));
    EXPECT_TRUE(engine.recover());
  }
  Orchestrator& orchestrator() override { return port; }
  void settle() override { EXPECT_TRUE(engine.quiesce(Millis(10'000))); }
  FakeClock clock;
  FakeIds ids;
  Engine engine;
  EmbeddedOrchestrator port;
};

struct Faked final : Driver {
  explicit Faked(MemoryStore& store) : port(store) {}
  Orchestrator& orchestrator() override { return port; }
  void settle() override {
    for (auto& [id, run] : port.runs)
      if (run.view.running && !run.outcomes.empty())
        port.end(id, run.view.state + "," + run.outcomes.back());
  }
  FakeOrchestrator port;
};

using Make = std::unique_ptr<Driver> (*)(MemoryStore&);

struct OrchestratorContract : testing::TestWithParam<Make> {
  Errc hand_over(std::vector<Handover> runs, WriteBatch also = {}) {
    std::promise<Errc> done;
    port().hand_over(std::move(runs), std::move(also), [&](Result<void> result) {
      done.set_value(result ? kFine : result.error().code);
    });
    return done.get_future().get();
  }
  Errc resume(const std::string& run, const std::string& outcome) {
    std::promise<Errc> done;
    port().resume(run, outcome, [&](Result<void> result) {
      done.set_value(result ? kFine : result.error().code);
    });
    return done.get_future().get();
  }
  Orchestrator& port() { return driver->orchestrator(); }
  static constexpr Errc kFine = Errc::internal;  // nothing here answers that

  FakeClock clock;
  std::unique_ptr<MemoryStore> store = make_memory_store(clock, MemoryWriter::own_thread);
  std::unique_ptr<Driver> driver = GetParam()(*store);
};

TEST_P(OrchestratorContract, WhatIsHandedOverRunsUntilItsOutcome) {
  EXPECT_EQ(port().look("a").error().code, Errc::not_found);
  ASSERT_EQ(hand_over({{.run = "a", .step = "begin", .state = "x"}}), kFine);
  driver->settle();
  EXPECT_TRUE(port().look("a")->running);
  EXPECT_EQ(port().look("a")->state, "x");
  ASSERT_EQ(resume("a", "end"), kFine);
  driver->settle();
  EXPECT_FALSE(port().look("a")->running);
  EXPECT_EQ(port().look("a")->state, "x,end");
  EXPECT_EQ(resume("a", "again"), Errc::not_found);
}

TEST_P(OrchestratorContract, AllOfThemWithWhatBelongsToThemOrNothing) {
  WriteBatch also;
  also.add(PutValue{{"space", "first", "1"}});
  ASSERT_EQ(hand_over({{.run = "a", .step = "begin", .state = ""},
                       {.run = "b", .step = "begin", .state = ""}},
                      std::move(also)),
            kFine);
  EXPECT_EQ(store->value("space", "first")->value_or(""), "1");

  WriteBatch more;
  more.add(PutValue{{"space", "second", "1"}});
  EXPECT_EQ(hand_over({{.run = "c", .step = "begin", .state = ""},
                       {.run = "a", .step = "begin", .state = ""}},
                      std::move(more)),
            Errc::conflict);
  EXPECT_FALSE(*store->value("space", "second"));
  EXPECT_EQ(port().look("c").error().code, Errc::not_found);
}

TEST_P(OrchestratorContract, AStoreThatRefusesLeavesNothingBehind) {
  store->fail_commit(1, CommitStatus::full);
  WriteBatch also;
  also.add(PutValue{{"space", "key", "1"}});
  EXPECT_EQ(hand_over({{.run = "a", .step = "begin", .state = ""}}, std::move(also)), Errc::full);
  EXPECT_EQ(port().look("a").error().code, Errc::not_found);
  EXPECT_EQ(hand_over({{.run = "a", .step = "begin", .state = ""}}), kFine);
}

INSTANTIATE_TEST_SUITE_P(Embedded, OrchestratorContract,
                         testing::Values(+[](MemoryStore& store) -> std::unique_ptr<Driver> {
                           return std::make_unique<Embedded>(store);
                         }));
INSTANTIATE_TEST_SUITE_P(Fake, OrchestratorContract,
                         testing::Values(+[](MemoryStore& store) -> std::unique_ptr<Driver> {
                           return std::make_unique<Faked>(store);
                         }));

}  // namespace
}  // namespace healer
