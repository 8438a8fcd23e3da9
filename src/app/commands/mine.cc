#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iostream>

#include "app/commands/commands.h"
#include "base/clock.h"
#include "stages/mine/mine_file.h"

namespace healer {
namespace {

int mine(const CliArguments& arguments) {
  const std::string in_name = arguments.value("input"), out_name = arguments.value("output");
  if (in_name.empty() || out_name.empty()) {
    std::cerr << "healer: mine needs --input FILE and --output FILE.csv (- for standard input or "
                 "output)\n";
    return kExitUsage;
  }
  std::ios::sync_with_stdio(false);
  std::ifstream in_file;
  std::ofstream out_file;
  if (in_name != "-") {
    in_file.open(in_name, std::ios::binary);
    if (!in_file) return failed({Errc::not_found, in_name + ": cannot be read"});
  }
  if (out_name != "-") {
    out_file.open(out_name, std::ios::binary | std::ios::trunc);
    if (!out_file) return failed({Errc::io, out_name + ": cannot be written"});
  }
  const SystemClock clock;
  const Instant start = clock.now();
  const auto done =
      mine_file(in_name == "-" ? std::cin : in_file, out_name == "-" ? std::cout : out_file,
                arguments.has("content-only") ? MineInput::content_only : MineInput::raw);
  if (!done) return failed(done.error());
  const double seconds = std::chrono::duration<double>(clock.now() - start).count();
  std::cerr << fmt::format("{} lines, {} templates, {:.2f} s, {:.0f} lines per second\n",
                           done->lines, done->templates, seconds,
                           static_cast<double>(done->lines) / std::max(seconds, 1e-9));
  return kExitDone;
}

}  // namespace

CliCommand mine_command() {
  return {.name = "mine",
          .usage = "--input FILE [--content-only] --output FILE.csv",
          .summary = "the template of every line of a log, as CSV",
          .detail =
              "Columns line_id, template_id, template; <*> stands for what varies.\n\n"
              "  healer mine --input app.log --output - | head",
          .options = {{"input", "FILE", "the log; - is standard input"},
                      {"output", "FILE", "the table; - is standard output"},
                      {"content-only", "", "lines have no header"}},
          .run = mine};
}

}  // namespace healer
