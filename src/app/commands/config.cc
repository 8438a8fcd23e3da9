#include <iostream>

#include "app/commands/commands.h"
#include "app/server/server.h"

namespace healer {
namespace {

int config(const CliArguments& arguments) {
  const std::string what = arguments.words.empty() ? "print" : arguments.words.front();
  if (what != "print" && what != "check") {
    std::cerr << "healer: config is print or check, not \"" << what << "\"\n";
    return kExitUsage;
  }
  const auto settings = load_settings({.config_file = arguments.value("config")});
  if (!settings) return failed(settings.error());
  if (what == "print")
    std::cout << print_settings(*settings);
  else
    std::cout << "the settings are fine: " << settings->services.size() << " services, "
              << settings->notify.size() << " notify routes\n";
  return kExitDone;
}

}  // namespace

CliCommand config_command() {
  return {.name = "config",
          .usage = "[print|check] [--config FILE]",
          .summary = "every setting with its value and meaning",
          .detail = "Secrets are masked. `live` settings follow SIGHUP, the others a restart.",
          .options = {config_option()},
          .words_max = 1,
          .run = config};
}

}  // namespace healer
