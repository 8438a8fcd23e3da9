#include <fmt/format.h>
#include <signal.h>

#include <iostream>

#include "app/commands/commands.h"
#include "app/server/server.h"
#include "base/log.h"

namespace healer {
namespace {

// Blocks the signals before any thread is made, so that only sigwait below gets them.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

int serve(const CliArguments& arguments) {
  const sigset_t signals = block_signals();
  ServeOptions options{.config_file = arguments.value("config"), .demo = arguments.has("demo")};
  for (const char* name : {"data", "listen"})
    if (arguments.has(name)) options.overrides[name] = arguments.value(name);
  auto server = Server::start(options);
  if (!server) return failed(server.error());
  std::cerr << fmt::format("healer: serving on http://{}\n", (*server)->address()) << std::flush;
  for (;;) {
    int number = 0;
    sigwait(&signals, &number);
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
