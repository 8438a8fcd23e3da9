// Lines per CPU-second of header detection and mining, one thread.   usage: mine_bench [LINES]
//        mine_bench LINES print     prints those lines instead
#include <fmt/core.h>

#include <charconv>
#include <cstring>
#include <functional>
#include <sstream>

#include "bench/log_lines.h"
#include "bench/measure.h"
#include "stages/ingest/ingest.h"
#include "stages/mine/mine_file.h"
#include "stages/mine/miner.h"

namespace healer::bench {
namespace {

constexpr std::size_t kBatchBytes = 128 * 1024;
constexpr UnixMs kNow = 1'767'268'800'000;

std::string lines_of(std::size_t lines, std::string (*line)(std::uint64_t)) {
  std::string out;
  for (std::size_t i = 0; i < lines; ++i) out += line(i);
  return out;
}

long resident_mib() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss / 1024;
}

void report(const char* what, std::size_t lines, double seconds, std::size_t templates) {
  fmt::print("{:<34} {:>9.0f} lines/CPU-s  {:>5.0f} ns/line  {:>5} templates  peak {} MiB\n", what,
             static_cast<double>(lines) / seconds, seconds / static_cast<double>(lines) * 1e9,
             templates, resident_mib());
}

void batches(const char* what, const std::string& text, std::size_t lines) {
  TemplateIds ids;
  Miner miner(ids);
  double seconds = 0;
  std::size_t records = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = text.find('\n', std::min(at + kBatchBytes, text.size() - 1)) + 1;
    RawPayload payload{.bytes = text.substr(at, stop - at),
                       .format = PayloadFormat::text,
                       .source = "bench",
                       .is_final = true};
    at = stop;
    StreamState state;
    const double start = cpu_seconds();
    const auto batch = ingest(state, std::move(payload), kNow);
    miner.add(batch);
    seconds += cpu_seconds() - start;
    records += batch.records.size();
  }
  if (records != lines) fmt::print("{}: {} records of {} lines\n", what, records, lines);
  report(what, lines, seconds, miner.snapshot().size());
}

void file(const char* what, const std::string& text, MineInput input) {
  std::istringstream in(text);
  std::ostringstream out;
  const double start = cpu_seconds();
  const auto summary = mine_file(in, out, input);
  if (summary) report(what, summary->lines, cpu_seconds() - start, summary->templates);
}

}  // namespace
}  // namespace healer::bench

int main(int argc, char** argv) {
  using namespace healer::bench;
  std::size_t lines = 500'000;
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), lines);
  {
    const std::string text = lines_of(lines, text_line);
    if (argc > 2) return fmt::print("{}", text), 0;
    fmt::print("{} lines of 1,000 templates, {} MiB\n", lines, text.size() >> 20);
    batches("ingest + mine, text batches", text, lines);
    file("mine a file, raw lines", text, healer::MineInput::raw);
  }
  {
    std::string content;
    for (std::size_t i = 0; i < lines; ++i) content += message(template_of(i), i) + '\n';
    file("mine a file, content only", content, healer::MineInput::content_only);
  }
  batches("ingest + mine, JSON lines", lines_of(lines, json_line), lines);
  return 0;
}
