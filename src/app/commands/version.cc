#include "app/server/version.h"

#include <iostream>

#include "app/commands/commands.h"

namespace healer {

CliCommand version_command() {
  return {.name = "version",
          .usage = "",
          .summary = "the version",
          .detail = "",
          .options = {},
          .run = [](const CliArguments&) {
            std::cout << "healer " << kVersion << "\n";
            return kExitDone;
          }};
}

}  // namespace healer
