#pragma once
#include "app/cli/cli.h"
#include "app/config/settings.h"

namespace healer {

// Each makes one command of the program; main.cc lists them.
CliCommand serve_command();
CliCommand analyze_command();
CliCommand train_command();
CliCommand eval_command();
CliCommand mine_command();
CliCommand fix_command();
CliCommand incidents_command();
CliCommand tail_command();
CliCommand demo_command();
CliCommand doctor_command();
CliCommand config_command();
CliCommand version_command();

// Options of every command that talks to a running server or reads its settings.
CliOption data_option();
CliOption config_option();

// The settings that --config and --data of such a command name.
Result<Settings> settings_of(const CliArguments& arguments);

// Says it on standard error with the program's name; returns kExitFailed.
int failed(const Error& error);

}  // namespace healer
