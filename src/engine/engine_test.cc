#include "engine/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>

#include "engine/records.h"
#include "ports/store/memory_store.h"

namespace healer {
namespace {

constexpr Millis kLongest{10'000};  // of real time; never reached where all is well

struct EngineTest : testing::Test {
  void SetUp() override {
    store = make_memory_store(clock, MemoryWriter::own_thread);
    boot();
  }
  void TearDown() override { engine.reset(); }

  void boot() {
    engine = std::make_unique<Engine>(*store, clock, ids, EngineOptions{.step_threads = 2});
  }
  void recover() { ASSERT_TRUE(engine->recover()); }
  void add(WorkflowKind kind) {
    engine->add_kind("k", std::move(kind));
    recover();
  }
  Errc start(const std::string& id, const std::string& step = "a", const std::string& state = "") {
    std::promise<Errc> durable;
    engine->start({.id = id,
                   .kind = "k",
                   .step = step,
                   .state = state,
                   .finished = [this, id](WorkflowEnd end,
                                          const std::string& final) { ended[id] = {end, final}; }},
                  {},
                  [&](Result<void> r) { durable.set_value(r ? Errc::internal : r.error().code); });
    return durable.get_future().get();
  }
  Errc signal(const std::string& id, const std::string& event) {
    std::promise<Errc> durable;
    engine->signal(id, event, {},
                   [&](Result<void> r) { durable.set_value(r ? Errc::internal : r.error().code); });
    return durable.get_future().get();
  }
  static constexpr Errc kFine = Errc::internal;  // no operation of the engine answers that
  void settle() { ASSERT_TRUE(engine->quiesce(kLongest)); }
  void advance(Millis by) {
    clock.advance(by);
    engine->fire_due();
    settle();
  }
  std::vector<std::string> history(const std::string& id) {
    std::vector<std::string> out;
    const auto rows = store->journal(id);
    for (const auto& row : *rows) {
      out.push_back(describe(*decode_journal(row.format, row.bytes)));
    }
    return out;
  }

  FakeClock clock;
  FakeIds ids;
  std::unique_ptr<MemoryStore> store;
  std::map<std::string, std::pair<WorkflowEnd, std::string>> ended;
  std::unique_ptr<Engine> engine;
};

using Ended = std::pair<WorkflowEnd, std::string>;
using Lines = std::vector<std::string>;

Step append(std::string what, std::string next) {
  return [=](StepContext& c) -> StepResult { return StepOk{c.state() + what, next, {}}; };
}

TEST_F(EngineTest, runs_step_after_step_and_journals_each) {
  add({.steps = {{"a", append("A", "b")}, {"b", append("B", "c")}, {"c", append("C", "")}}});
  EXPECT_EQ(start("w"), kFine);
  settle();
  EXPECT_EQ(ended["w"], (Ended{WorkflowEnd::finished, "ABC"}));
  EXPECT_EQ(history("w"), (Lines{"started #1 -> a", "done a#1 -> b", "done b#1 -> c", "done c#1"}));
  EXPECT_EQ(*engine->state("w"), "ABC");
  std::string seen;
  EXPECT_TRUE(engine->when_finished("w", [&](WorkflowEnd, const std::string& s) { seen = s; }));
  EXPECT_EQ(seen, "ABC");
  EXPECT_EQ(engine->stats().waiting, 0U);
}

TEST_F(EngineTest, a_step_commits_its_other_operations_with_its_result) {
  add({.steps = {{"a", [](StepContext&) -> StepResult {
                    StepOk ok{"x", "", {}};
                    ok.also.add(PutValue{{"s", "k", "v"}});
                    return ok;
                  }}}});
  start("w");
  settle();
  EXPECT_EQ(*store->value("s", "k"), "v");
}

TEST_F(EngineTest, refuses_what_cannot_start) {
  add({.steps = {{"a", append("A", "")}}});
  EXPECT_EQ(start("w", "nothing"), Errc::invalid_input);
  EXPECT_EQ(start("w"), kFine);
  EXPECT_EQ(start("w"), Errc::conflict);
  EXPECT_EQ(signal("none", "x"), Errc::not_found);
  EXPECT_FALSE(engine->when_finished("none", {}));
}

TEST_F(EngineTest, retries_with_backoff_then_fails) {
  std::atomic<int> runs = 0;
  WorkflowKind kind;
  kind.steps["a"] = [&](StepContext& c) -> StepResult {
    EXPECT_EQ(c.attempt(), ++runs);
    return StepRetry{"not yet"};
  };
  kind.retry = {.attempts_max = 3, .first = Millis(100), .longest = Millis(1000)};
  add(kind);
  start("w", "a", "s");
  settle();
  EXPECT_EQ(runs, 1);
  advance(Millis(49));  // the shortest delay is half of the first
  EXPECT_EQ(runs, 1);
  advance(Millis(100));
  EXPECT_EQ(runs, 2);
  advance(Millis(200));
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(ended["w"], (Ended{WorkflowEnd::failed, "s"}));
  EXPECT_EQ(history("w").back(), "failed a#3: gave up after the last retry: not yet");
}

TEST_F(EngineTest, a_retry_honours_what_the_outside_asked_for) {
  std::atomic<int> runs = 0;
  add({.steps = {{"a", [&](StepContext&) -> StepResult {
                    if (++runs == 1) return StepRetry{"rate limited", Millis(60'000)};
                    return StepOk{"done", "", {}};
                  }}}});
  start("w");
  settle();
  advance(Millis(59'999));
  EXPECT_EQ(runs, 1);
  advance(Millis(1));
  EXPECT_EQ(ended["w"].second, "done");
}

TEST_F(EngineTest, on_failed_decides_what_becomes_of_it) {
  WorkflowKind kind;
  kind.steps["a"] = [](StepContext&) -> StepResult { return StepFailed{"broken"}; };
  kind.steps["b"] = [](StepContext&) -> StepResult { throw std::runtime_error("oops"); };
  kind.steps["tell"] = append(" told", "");
  kind.on_failed = [](StepContext& c) -> StepResult {
    return StepOk{c.state() + c.reason(), c.reason() == "broken" ? "tell" : "", {}};
  };
  add(kind);
  start("w", "a", "failed: ");
  start("x", "b", "failed: ");
  settle();
  EXPECT_EQ(ended["w"], (Ended{WorkflowEnd::finished, "failed: broken told"}));
  EXPECT_EQ(ended["x"], (Ended{WorkflowEnd::failed, "failed: it threw: oops"}));
}

TEST_F(EngineTest, an_unknown_next_step_is_a_failure) {
  add({.steps = {{"a", append("A", "nowhere")}}});
  start("w");
  settle();
  EXPECT_EQ(ended["w"].first, WorkflowEnd::failed);
  EXPECT_EQ(history("w").back(), "failed a#1: there is no step nowhere");
}

TEST_F(EngineTest, waits_until_its_time_across_a_restart) {
  const WorkflowKind kind{.steps = {{"a",
                                     [](StepContext& c) -> StepResult {
                                       return StepWait{"waited", "b", c.wall_ms() + 60'000, {}};
                                     }},
                                    {"b", append("!", "")}}};
  add(kind);
  start("w");
  settle();
  EXPECT_EQ(engine->stats().waiting, 1U);
  engine.reset();
  store = store->reopen();
  boot();
  add(kind);
  advance(Millis(59'999));
  EXPECT_EQ(*engine->state("w"), "waited");
  advance(Millis(1));
  EXPECT_EQ(*engine->state("w"), "waited!");
}

TEST_F(EngineTest, a_poll_leaves_no_history) {
  std::atomic<int> polls = 0;
  add({.steps = {{"poll", [&](StepContext& c) -> StepResult {
                    if (++polls == 5) return StepOk{"seen", "", {}};
                    return StepWait{c.state(), "poll", c.wall_ms() + 1000, {}};
                  }}}});
  start("w", "poll");
  settle();
  for (int i = 0; i < 4; ++i) advance(Millis(1000));
  EXPECT_EQ(ended["w"].second, "seen");
  EXPECT_EQ(history("w"), (Lines{"started #1 -> poll", "done poll#1"}));
}

TEST_F(EngineTest, events_come_in_order_and_survive_a_restart) {
  WorkflowKind kind;
  kind.steps["a"] = [](StepContext& c) -> StepResult { return StepWait{c.state(), "b", 0, {}}; };
  kind.steps["b"] = append(".", "");
  kind.on_event = [](StepContext& c) -> StepResult {
    if (c.event() == "go") return StepOk{c.state() + c.event(), "b", {}};
    return StepStay{c.state() + c.event(), {}};
  };
  add(kind);
  start("w");
  settle();
  for (const char* event : {"1", "2", "3"}) EXPECT_EQ(signal("w", event), kFine);
  settle();
  EXPECT_EQ(*engine->state("w"), "123");
  EXPECT_EQ(engine->stats().waiting, 1U);

  // The next two are durable, but nobody handles them before the crash.
  store->crash_at_journal_write(1, CrashPoint::before_sync);
  signal("w", "4");
  settle();
  EXPECT_TRUE(store->crashed());
  engine.reset();
  store = store->reopen();
  boot();
  add(kind);
  settle();
  EXPECT_EQ(*engine->state("w"), "1234");
  signal("w", "go");
  settle();
  EXPECT_EQ(*engine->state("w"), "1234go.");
  EXPECT_EQ(signal("w", "late"), Errc::not_found);
  EXPECT_TRUE(store->values("engine.event", "")->empty());
}

TEST_F(EngineTest, an_event_during_the_last_step_is_handled) {
  WorkflowKind kind;
  int runs = 0;
  kind.steps["a"] = [&](StepContext& c) -> StepResult {
    if (++runs == 1) {
      EXPECT_EQ(signal("w", "late"), kFine);
    }
    return StepOk{c.state() + ".", "", {}};
  };
  kind.on_event = [](StepContext& c) -> StepResult { return StepStay{c.state() + c.event(), {}}; };
  add(kind);
  start("w");
  settle();
  EXPECT_EQ(ended["w"], (Ended{WorkflowEnd::finished, "late."}));
  EXPECT_TRUE(store->values("engine.event", "")->empty());
}

TEST_F(EngineTest, events_without_end_do_not_keep_a_workflow_from_ending) {
  WorkflowKind kind;
  kind.steps["a"] = [&](StepContext&) -> StepResult {
    EXPECT_EQ(signal("w", "e"), kFine);
    return StepOk{"", "", {}};
  };
  kind.on_event = [](StepContext&) -> StepResult { return StepStay{"", {}}; };
  add(kind);
  start("w");
  settle();
  EXPECT_EQ(ended["w"].first, WorkflowEnd::finished);
  EXPECT_TRUE(store->values("engine.event", "")->empty());
}

TEST_F(EngineTest, an_event_does_not_shorten_a_wait) {
  WorkflowKind kind;
  kind.steps["a"] = [](StepContext& c) -> StepResult {
    return StepWait{"", "b", c.wall_ms() + 1000, {}};
  };
  kind.steps["b"] = append("b", "");
  kind.on_event = [](StepContext& c) -> StepResult { return StepStay{c.state() + c.event(), {}}; };
  add(kind);
  start("w");
  settle();
  signal("w", "e");
  settle();
  EXPECT_EQ(*engine->state("w"), "e");
  advance(Millis(999));
  EXPECT_EQ(*engine->state("w"), "e");
  advance(Millis(1));
  EXPECT_EQ(*engine->state("w"), "eb");
}

TEST_F(EngineTest, checks_that_it_is_still_wanted_before_each_step) {
  std::atomic<bool> wanted = true;
  WorkflowKind kind;
  kind.steps["a"] = [&](StepContext&) -> StepResult {
    wanted = false;
    return StepOk{"A", "b", {}};
  };
  kind.steps["b"] = append("never", "");
  kind.still_wanted = [&](const std::string&) { return wanted.load(); };
  add(kind);
  start("w");
  settle();
  EXPECT_EQ(ended["w"], (Ended{WorkflowEnd::cancelled, "A"}));
  EXPECT_EQ(history("w").back(), "cancelled b#1: not wanted any more");
}

TEST_F(EngineTest, a_newer_engine_fences_an_older_one) {
  std::promise<void> entered, go_on;
  auto wait = go_on.get_future().share();
  WorkflowKind kind;
  kind.steps["a"] = [&, wait](StepContext& c) -> StepResult {
    entered.set_value();
    wait.wait();
    const auto intent = c.intent("effect");
    EXPECT_FALSE(intent);
    if (!intent) {
      EXPECT_EQ(intent.error().code, Errc::fenced);
      return StepRetry{"fenced"};
    }
    return StepOk{"old", "", {}};
  };
  add(kind);
  start("w");
  entered.get_future().wait();

  Engine newer(*store, clock, ids, {.step_threads = 1});
  newer.add_kind("k", {.steps = {{"a", append("new", "")}}});
  ASSERT_TRUE(newer.recover());
  ASSERT_TRUE(newer.quiesce(kLongest));
  EXPECT_EQ(*newer.state("w"), "new");
  go_on.set_value();
  EXPECT_TRUE(engine->drain(kLongest));
  EXPECT_TRUE(engine->stats().fenced);
  EXPECT_EQ(*newer.state("w"), "new");
}

TEST_F(EngineTest, a_full_disk_delays_and_loses_nothing) {
  std::atomic<int> runs = 0, effects = 0;
  add({.steps = {{"a", [&](StepContext& c) -> StepResult {
                    ++runs;
                    const auto intent = c.intent("effect");
                    if (!intent) return StepRetry{"no space"};
                    if (!intent->repeated) ++effects;
                    return StepOk{"A", "", {}};
                  }}}});
  store->fail_commit(3, CommitStatus::full);  // start, intent, result
  start("w");
  settle();
  EXPECT_TRUE(ended.empty());
  advance(Millis(60'000));
  EXPECT_EQ(ended["w"].second, "A");
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(effects, 1);
}

TEST_F(EngineTest, a_result_that_always_conflicts_fails_the_workflow) {
  WorkflowKind kind;
  kind.steps["a"] = [](StepContext&) -> StepResult {
    StepOk ok{"A", "", {}};
    ok.also.add(IncidentSeen{"no such row", 1, 1});
    return ok;
  };
  kind.on_failed = [](StepContext& c) -> StepResult { return StepOk{c.reason(), "", {}}; };
  kind.retry = {.attempts_max = 2};
  add(kind);
  start("w");
  for (int i = 0; i < 5; ++i) {
    settle();
    advance(Millis(60'000));
  }
  EXPECT_EQ(ended["w"], (Ended{WorkflowEnd::failed, "its result is a conflict"}));
}

TEST_F(EngineTest, drains_and_goes_on_after_a_restart) {
  std::promise<void> entered, go_on;
  auto wait = go_on.get_future().share();
  std::atomic<int> attempts = 0;
  WorkflowKind kind;
  kind.steps["a"] = [&, wait](StepContext& c) -> StepResult {
    if (++attempts == 1) {
      entered.set_value();
      wait.wait();
      EXPECT_TRUE(c.stopping());
      return StepRetry{"stopping"};
    }
    EXPECT_EQ(c.attempt(), 1);  // a stop does not cost an attempt
    return StepOk{"A", "", {}};
  };
  add(kind);
  start("w");
  entered.get_future().wait();
  EXPECT_FALSE(engine->drain(Millis(1)));
  go_on.set_value();
  EXPECT_TRUE(engine->drain(kLongest));
  EXPECT_EQ(start("x"), Errc::cancelled);
  engine.reset();
  store = store->reopen();
  boot();
  add(kind);
  settle();
  EXPECT_EQ(*engine->state("w"), "A");
}

TEST_F(EngineTest, many_workflows_start_in_one_transaction_or_none) {
  add({.steps = {{"a", append("A", "")}}});
  start("w2");
  std::vector<StartRequest> requests;
  for (const char* id : {"w1", "w2"}) requests.push_back({.id = id, .kind = "k", .step = "a"});
  std::promise<bool> durable;
  engine->start(std::move(requests), {}, [&](Result<void> r) { durable.set_value(bool(r)); });
  EXPECT_FALSE(durable.get_future().get());
  EXPECT_FALSE(engine->state("w1"));
  settle();
}

TEST_F(EngineTest, a_workflow_of_an_unknown_kind_is_left_alone) {
  add({.steps = {{"a", [](StepContext&) -> StepResult { return StepWait{"", "a", 0, {}}; }}}});
  start("w");
  settle();
  engine.reset();
  boot();
  recover();
  settle();
  EXPECT_EQ((*store->workflow("w"))->phase, WorkflowPhase::waiting);
}

}  // namespace
}  // namespace healer
