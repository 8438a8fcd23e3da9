// The same workflow of 5 trivial steps as in the peer benchmarks, over SQLite with
// synchronous=FULL. usage: engine_bench [WORKFLOWS] [FOLDER]   (the folder's disk is what is
// measured)
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>

#include "base/metrics.h"
#include "bench/five_steps.h"
#include "bench/measure.h"
#include "ports/store/store.h"

namespace healer::bench {
namespace {

constexpr int kInFlight = 50;

void start(Engine& engine, Ids& ids, FinishDone finished) {
  StartRequest request = five_steps_request(ids);
  request.finished = std::move(finished);
  engine.start(std::move(request), {}, {});
}

void many(Engine& engine, Ids& ids, int workflows) {
  std::mutex mutex;
  std::condition_variable wake;
  int open = 0, done = 0, wrong = 0;
  auto& commits = Metrics::counter("store_commits_total");
  const auto commits_before = commits.load();
  const auto begin = Time::now();
  const double cpu = cpu_seconds();
  std::vector<double> latencies(static_cast<std::size_t>(workflows));
  for (int i = 0; i < workflows; ++i) {
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return open < kInFlight; });
    ++open;
    lock.unlock();
    const auto from = Time::now();
    start(engine, ids, [&, i, from](WorkflowEnd, const std::string& state) {
      std::lock_guard guard(mutex);
      latencies[static_cast<std::size_t>(i)] = seconds_since(from);
      wrong += state == "5" ? 0 : 1;
      --open;
      ++done;
      wake.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  wake.wait(lock, [&] { return done == workflows; });
  const double wall = seconds_since(begin), used = cpu_seconds() - cpu;
  const double steps = static_cast<double>(workflows) * kSteps;
  fmt::print("{} workflows of {} steps, {} in flight, {} wrong results\n", workflows, kSteps,
             kInFlight, wrong);
  fmt::print(
      "  steps/s wall {:.0f}, steps per CPU-s {:.0f}, transactions {}, p50 {:.2f} ms, p99 "
      "{:.2f} ms\n",
      steps / wall, steps / used, commits.load() - commits_before, percentile_ms(latencies, 0.5),
      percentile_ms(latencies, 0.99));
}

void one_alone(Engine& engine, Ids& ids, const std::string& folder, int rounds) {
  std::vector<double> alone, raw;
  for (int i = 0; i < rounds; ++i) {
    for (const double sync : raw_syncs(folder, 10)) raw.push_back(sync);
    std::promise<void> ended;
    const auto from = Time::now();
    start(engine, ids, [&](WorkflowEnd, const std::string&) { ended.set_value(); });
    ended.get_future().wait();
    alone.push_back(seconds_since(from));
  }
  const double p50 = percentile_ms(alone, 0.5), sync = percentile_ms(raw, 0.5);
  fmt::print("one alone: p50 {:.3f} ms, p99 {:.3f} ms; raw fdatasync p50 {:.3f} ms; {:.1f} syncs\n",
             p50, percentile_ms(alone, 0.99), sync, p50 / sync);
}

int run(int workflows, const std::string& parent) {
  Folder folder(parent);
  SystemClock clock;
  SystemIds ids(clock);
  auto store = open_sqlite_store({.folder = folder.path()}, clock);
  if (!store) return fmt::print("{}\n", store.error().message), 1;
  Engine engine(**store, clock, ids, {.step_threads = 2});
  engine.add_kind(kFiveSteps, five_steps());
  if (auto ready = engine.recover(); !ready) return fmt::print("{}\n", ready.error().message), 1;
  many(engine, ids, workflows / 10);
  many(engine, ids, workflows);
  one_alone(engine, ids, folder.path(), 200);
  return 0;
}

}  // namespace
}  // namespace healer::bench

int main(int argc, char** argv) {
  return healer::bench::run(argc > 1 ? std::atoi(argv[1]) : 10'000, argc > 2 ? argv[2] : "/tmp");
}
