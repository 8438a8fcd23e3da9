#include <iostream>

#include "app/commands/commands.h"

namespace healer {

CliOption data_option() { return {"data", "DIR", "data folder (default .healer)"}; }
CliOption config_option() { return {"config", "FILE", "settings (default healer.yaml)"}; }

int failed(const Error& error) {
  std::cerr << "healer: " << error.message << "\n";
  return kExitFailed;
}

}  // namespace healer
