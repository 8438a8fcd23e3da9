// Bytes per CPU-second of masking, one thread.   usage: mask_bench [LINES]
#include <fmt/core.h>

#include <charconv>
#include <cstring>

#include "bench/log_lines.h"
#include "bench/measure.h"
#include "types/mask.h"

namespace healer::bench {
namespace {

std::string secret_line(std::size_t i) {
  return fmt::format(
      "2026-01-01T12:00:00Z WARN pool-{} retry postgres://app:pa55w0rd{}@db-{}.internal:5432/shop "
      "password={}x7Kq9 token=ghp_0123456789abcdefghijklmnopqrstuv{:04} user=app id={}\n",
      i % 7, i, i % 5, i, i % 10'000, i);
}

void measure(const char* what, std::size_t lines, std::string (*line)(std::size_t)) {
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < lines; ++i) bytes += texts.emplace_back(line(i)).size();
  std::size_t kept = 0;
  const double start = cpu_seconds();
  for (const auto& text : texts) kept += mask(text).str().size();
  const double seconds = cpu_seconds() - start;
  fmt::print("{:<24} {:>6.0f} MB/CPU-s  {:>5.0f} ns/line of {} bytes, {:.0f} % of the bytes kept\n",
             what, static_cast<double>(bytes) / seconds / 1e6,
             seconds / static_cast<double>(lines) * 1e9, bytes / lines,
             100.0 * static_cast<double>(kept) / static_cast<double>(bytes));
}

}  // namespace
}  // namespace healer::bench

int main(int argc, char** argv) {
  using namespace healer::bench;
  std::size_t lines = 300'000;
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), lines);
  measure("plain text lines", lines, [](std::size_t i) { return text_line(i); });
  measure("JSON lines", lines, [](std::size_t i) { return json_line(i); });
  measure("lines full of secrets", lines, secret_line);
  return 0;
}
