// Lists of incidents with 100,000 of them held, and the cost of a commit.
// usage: store_bench [INCIDENTS] [FOLDER]
#include <functional>

#include "bench/incident_rows.h"
#include "bench/measure.h"

namespace healer::bench {
namespace {

constexpr int kRounds = 200;

void time_page(const char* name, const std::function<IncidentPage()>& read) {
  std::vector<double> took;
  std::size_t rows = 0;
  for (int i = 0; i < kRounds; ++i) {
    const auto begin = Time::now();
    rows = read().rows.size();
    took.push_back(seconds_since(begin));
  }
  fmt::print("{:<28} {:3} rows  p50 {:.3f} ms  p99 {:.3f} ms\n", name, rows,
             percentile_ms(took, 0.5), percentile_ms(took, 0.99));
}

void pages(Store& store, UnixMs at, std::size_t incidents) {
  const auto list = [&](IncidentQuery query) {
    auto page = store.incidents(query);
    if (!page) fmt::print("{}\n", page.error().message);
    return page ? *page : IncidentPage{};
  };
  const std::string deep = fmt::format("{}.01900000-0000-7000-8000-{:012}",
                                       at + static_cast<UnixMs>(incidents / 2), incidents / 2);
  time_page("first page", [&] { return list({}); });
  time_page("deep page", [&] { return list({.cursor = deep}); });
  time_page("status", [&] { return list({.status = "needs_review"}); });
  time_page("status and severity",
            [&] { return list({.status = "notified", .severity = "high"}); });
  time_page("four filters, deep", [&] {
    return list(
        {.status = "healed", .severity = "low", .category = "disk", .done = true, .cursor = deep});
  });
  time_page("open", [&] { return list({.done = false}); });
  time_page("text", [&] { return list({.text = "host 777 "}); });
  time_page("text that all have", [&] { return list({.text = "exhausted"}); });
  time_page("text that none has", [&] { return list({.text = "zebra"}); });
  time_page("service, nothing matches", [&] { return list({.service = "none"}); });
  const auto begin = Time::now();
  const auto stats = store.incident_stats();
  fmt::print("stats {:.1f} ms, {} open\n", seconds_since(begin) * 1e3, stats ? stats->open : -1);
}

void one_commit(Store& store, const std::string& folder) {
  std::vector<double> took, raw;
  for (int i = 0; i < 500; ++i) {
    for (const double sync : raw_syncs(folder, 3)) raw.push_back(sync);
    WriteBatch batch;
    batch.add(PutValue{{"bench", std::to_string(i), std::string(300, 'x')}});
    const auto begin = Time::now();
    commit_and_wait(store, std::move(batch));
    took.push_back(seconds_since(begin));
  }
  fmt::print("one commit: p50 {:.3f} ms; raw fdatasync p50 {:.3f} ms\n", percentile_ms(took, 0.5),
             percentile_ms(raw, 0.5));
}

int run(std::size_t incidents, const std::string& parent) {
  Folder folder(parent);
  SystemClock clock;
  const UnixMs at = clock.wall_ms();
  {
    auto store = open_sqlite_store({.folder = folder.path()}, clock);
    if (!store) return fmt::print("{}\n", store.error().message), 1;
    const auto begin = Time::now();
    if (!fill(**store, incidents, at)) return 1;
    fmt::print("{} incidents written in {:.1f} s\n", incidents, seconds_since(begin));
  }
  const auto begin = Time::now();
  auto store = open_sqlite_store({.folder = folder.path()}, clock);
  if (!store) return fmt::print("{}\n", store.error().message), 1;
  fmt::print("opened again in {:.0f} ms\n", seconds_since(begin) * 1e3);
  pages(**store, at, incidents);
  one_commit(**store, folder.path());
  return 0;
}

}  // namespace
}  // namespace healer::bench

int main(int argc, char** argv) {
  return healer::bench::run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000,
                            argc > 2 ? argv[2] : "/tmp");
}
