// Writes incidents into the store of a data folder.   usage: fill_store FOLDER INCIDENTS
#include "bench/incident_rows.h"
#include "bench/measure.h"

int main(int argc, char** argv) {
  const std::size_t incidents = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (incidents == 0) return fmt::print(stderr, "usage: fill_store FOLDER INCIDENTS\n"), 2;
  const healer::SystemClock clock;
  auto store = healer::open_sqlite_store({.folder = argv[1]}, clock);
  if (!store) return fmt::print(stderr, "{}\n", store.error().message), 1;
  const auto begin = healer::bench::Time::now();
  const auto oldest = clock.wall_ms() - static_cast<healer::UnixMs>(incidents);
  if (!healer::bench::fill(**store, incidents, oldest)) return 1;
  fmt::print("{} incidents written in {:.1f} s\n", incidents, healer::bench::seconds_since(begin));
  return 0;
}
