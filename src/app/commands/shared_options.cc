#include <iostream>

#include "app/commands/commands.h"
#include "app/server/server.h"

namespace healer {

CliOption data_option() { return {"data", "DIR", "data folder (default .healer)"}; }
CliOption config_option() { return {"config", "FILE", "settings (default healer.yaml)"}; }

Result<Settings> settings_of(const CliArguments& arguments) {
  ServeOptions options{.config_file = arguments.value("config")};
  if (arguments.has("data")) options.overrides["data"] = arguments.value("data");
  return load_settings(options);
}

int failed(const Error& error) {
  std::cerr << "healer: " << error.message << "\n";
  return kExitFailed;
}

}  // namespace healer
