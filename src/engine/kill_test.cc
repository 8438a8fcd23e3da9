// Whatever moment a process dies at, every workflow ends as if nothing had happened, and every
// outside effect happened once.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include "engine/engine.h"
#include "ports/store/memory_store.h"

namespace healer {
namespace {

constexpr Millis kLongest{20'000};
const std::string kEndState = "order reserved charged paid shipped";

// A world of things with natural keys, which does not die with healer.
class Outside {
 public:
  virtual ~Outside() = default;
  virtual bool exists(const std::string& key) = 0;
  virtual void make(const std::string& key) = 0;
};

class RememberedOutside : public Outside {
 public:
  bool exists(const std::string& key) override {
    std::lock_guard lock(mutex_);
    return made_.contains(key);
  }
  void make(const std::string& key) override {
    std::lock_guard lock(mutex_);
    made_[key]++;
  }
  std::map<std::string, int> made() {
    std::lock_guard lock(mutex_);
    return made_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> made_;
};

// One line per thing made, appended, so that it survives kill -9 of its maker; a byte to `progress`
// after each.
class FileOutside : public Outside {
 public:
  FileOutside(std::string path, int progress) : path_(std::move(path)), progress_(progress) {}
  bool exists(const std::string& key) override { return lines(path_).contains(key); }
  void make(const std::string& key) override {
    std::ofstream(path_, std::ios::app) << key + "\n" << std::flush;
    if (progress_ >= 0 && write(progress_, "x", 1) != 1) _exit(3);  // nobody watches any more
  }
  static std::map<std::string, int> lines(const std::string& path) {
    std::map<std::string, int> out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) out[line]++;
    return out;
  }

 private:
  std::string path_;
  int progress_;
};

// Makes `what` once, however often it is run: intent, look, make.
Step effect(Outside& outside, const std::string& what, const std::string& next) {
  return [&outside, what, next](StepContext& c) -> StepResult {
    const std::string key = c.workflow_id() + "/" + what;
    const auto intent = c.intent(what);
    if (!intent) return StepRetry{intent.error().message};
    if (intent->repeated && outside.exists(key)) return StepOk{c.state() + " " + what, next, {}};
    outside.make(key);
    return StepOk{c.state() + " " + what, next, {}};
  };
}

WorkflowKind order_kind(Outside& outside) {
  WorkflowKind kind;
  kind.steps["reserve"] = effect(outside, "reserved", "charge");
  kind.steps["charge"] = effect(outside, "charged", "await");
  kind.steps["await"] = [](StepContext& c) -> StepResult {
    return StepWait{c.state(), "ship", c.wall_ms() + 3'600'000, {}};
  };
  kind.steps["ship"] = effect(outside, "shipped", "");
  kind.on_event = [](StepContext& c) -> StepResult {
    return StepOk{c.state() + " " + c.event(), "ship", {}};
  };
  kind.retry = {.attempts_max = 100, .first = Millis(1), .longest = Millis(1)};
  return kind;
}

// Drives one process' life until the workflow has ended or the store crashed. What is not there is
// started again, as a client does whose request was not answered.
void live_once(Store& store, FakeClock& clock, Ids& ids, Outside& outside) {
  Engine engine(store, clock, ids, {.step_threads = 2});
  engine.add_kind("order", order_kind(outside));
  if (!engine.recover()) return;
  if (!*store.workflow("w")) {
    engine.start({.id = "w", .kind = "order", .step = "reserve", .state = "order"}, {}, {});
  }
  ASSERT_TRUE(engine.quiesce(kLongest));
  const auto state = engine.state("w");
  if (state && *state == "order reserved charged") engine.signal("w", "paid", {}, {});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(engine.quiesce(kLongest));
    clock.advance(Millis(10));
    engine.fire_due();
  }
  ASSERT_TRUE(engine.quiesce(kLongest));
}

class KilledAtEveryWrite : public testing::TestWithParam<CrashPoint> {};

TEST_P(KilledAtEveryWrite, ends_right_with_each_effect_once) {
  int n = 1;
  for (bool crashed = true; crashed; ++n) {
    ASSERT_LT(n, 50);
    FakeClock clock;
    FakeIds ids;
    RememberedOutside outside;
    std::unique_ptr<MemoryStore> store = make_memory_store(clock, MemoryWriter::own_thread);
    store->crash_at_journal_write(n, GetParam());
    live_once(*store, clock, ids, outside);
    crashed = store->crashed();
    for (int lives = 0; lives < 3; ++lives) {
      store = store->reopen();
      live_once(*store, clock, ids, outside);
    }
    SCOPED_TRACE(n);
    const auto row = *store->workflow("w");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->phase, WorkflowPhase::done);
    Engine reader(*store, clock, ids, {});
    EXPECT_EQ(*reader.state("w"), kEndState);
    EXPECT_EQ(outside.made(),
              (std::map<std::string, int>{{"w/charged", 1}, {"w/reserved", 1}, {"w/shipped", 1}}));
  }
  EXPECT_EQ(n - 2,
            9);  // journal writes of the whole life: start, 3 intents, 3 effects, wait, event
}

INSTANTIATE_TEST_SUITE_P(points, KilledAtEveryWrite,
                         testing::Values(CrashPoint::before_sync, CrashPoint::after_sync),
                         [](const auto& which) {
                           return which.param == CrashPoint::before_sync ? "before_sync"
                                                                         : "after_sync";
                         });

// The same with a real process, a real file and a real kill -9, when `kill_after` effects of 6
// workflows have happened.
constexpr int kWorkflows = 6;

WorkflowKind chain_kind(Outside& outside) {
  WorkflowKind kind;
  kind.steps["one"] = effect(outside, "one", "two");
  kind.steps["two"] = effect(outside, "two", "three");
  kind.steps["three"] = effect(outside, "three", "");
  return kind;
}

// False where it could not even start.
bool run_to_the_end(const std::string& folder, int progress) {
  SystemClock clock;
  SystemIds ids(clock);
  FileOutside outside(folder + "/outside", progress);
  auto store = open_sqlite_store({.folder = folder + "/data"}, clock);
  if (!store) return false;
  Engine engine(**store, clock, ids, {.step_threads = 3});
  engine.add_kind("chain", chain_kind(outside));
  if (!engine.recover()) return false;
  for (int i = 0; i < kWorkflows; ++i) {
    const std::string id = "w" + std::to_string(i);
    const auto known = (*store)->workflow(id);
    if (!known || *known) continue;
    engine.start({.id = id, .kind = "chain", .step = "one", .state = ""}, {}, {});
  }
  return engine.quiesce(kLongest);
}

TEST(KilledProcess, ends_right_with_each_effect_once) {
  for (const int kill_after : {1, 2, 5, 9, 13, 17}) {
    SCOPED_TRACE(kill_after);
    char path[] = "/tmp/healer_kill_XXXXXX";
    const std::string folder = mkdtemp(path);
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(progress[0]);
      run_to_the_end(folder, progress[1]);
      _exit(0);
    }
    close(progress[1]);
    char byte = 0;
    for (int i = 0; i < kill_after && read(progress[0], &byte, 1) == 1; ++i) {
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    close(progress[0]);

    ASSERT_TRUE(run_to_the_end(folder, -1));
    const auto made = FileOutside::lines(folder + "/outside");
    EXPECT_EQ(made.size(), std::size_t{kWorkflows * 3});
    for (const auto& [key, times] : made) EXPECT_EQ(times, 1) << key;
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace healer
