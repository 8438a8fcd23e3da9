#include <fmt/format.h>

#include <csignal>
#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/interrupt.h"
#include "app/server/server.h"
#include "base/log.h"

namespace healer {
namespace {

int serve(const CliArguments& arguments) {
  const Interrupts interrupts;
  signal(SIGPIPE, SIG_IGN);
  ServeOptions options{.config_file = arguments.value("config"), .demo = arguments.has("demo")};
  for (const char* name : {"data", "listen"})
    if (arguments.has(name)) options.overrides[name] = arguments.value(name);
  auto server = Server::start(options);
  if (!server) return failed(server.error());
  std::cerr << fmt::format("healer: serving on http://{}\n", (*server)->address()) << std::flush;
  for (;;) {
    const int number = interrupts.wait();
    if (number != SIGHUP) break;
    if (auto done = (*server)->reload(); !done)
      log_event(LogLevel::error, "reload_refused", {{"error", done.error().message}});
  }
  (*server)->stop();
  return kExitDone;
}

}  // namespace

CliCommand serve_command() {
  return {.name = "serve",
          .usage = "[--config FILE] [--data DIR] [--listen HOST:PORT] [--demo]",
          .summary = "watch, fix and verify; everything in one process",
          .detail =
              "Reads healer.yaml (or --config FILE); every setting also as HEALER_… in the "
              "environment.\nSIGTERM ends it within 10 s, SIGHUP reads the settings again.\n\n"
              "  healer serve --listen 127.0.0.1:3000 --data /var/lib/healer",
          .options = {config_option(),
                      data_option(),
                      {"listen", "HOST:PORT", "where to listen (default 127.0.0.1:3000)"},
                      {"demo", "", "with the demo service: a shop that can be broken"}},
          .run = serve};
}

}  // namespace healer
