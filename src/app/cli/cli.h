#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace healer {

// Exit codes that scripts rely on.
enum Exit : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitNothingSafe = 3,
  kExitInterrupted = 130
};

struct CliOption {
  std::string_view name;   // without the dashes
  std::string_view value;  // placeholder such as FILE; empty: a switch
  std::string_view doc;
  bool repeats = false;
};

// What the user typed, checked against a command's options.
struct CliArguments {
  std::map<std::string, std::vector<std::string>, std::less<>> options;
  std::vector<std::string> words;  // positional, in order

  bool has(std::string_view name) const { return options.find(name) != options.end(); }
  std::string value(std::string_view name, std::string_view fallback = {}) const;
  std::vector<std::string> values(std::string_view name) const;
};

struct CliCommand {
  std::string_view name;
  std::string_view usage;    // after the name: "[list|show ID]"
  std::string_view summary;  // one line
  std::string_view detail;   // for --help: what it does, an example
  std::vector<CliOption> options;
  std::size_t words_max = 0;
  std::function<int(const CliArguments&)> run;
};

// invalid_input names what is wrong and the nearest option.
Result<CliArguments> parse_arguments(const CliCommand& command,
                                     const std::vector<std::string>& arguments);

std::string command_help(const CliCommand& command);
std::string program_help(const std::vector<CliCommand>& commands);

// Picks the command, handles --help and wrong use, runs it. `arguments` without the program's name.
int run_cli(const std::vector<CliCommand>& commands, const std::vector<std::string>& arguments);

// Colours and progress only where a person looks: a terminal, and NO_COLOR is not set.
bool stdout_is_terminal();
bool stderr_is_terminal();

// A terminal obeys control characters; text of logs and repositories must have none. Tabs stay.
std::string printable(std::string_view text);

// Wraps `text` in an ANSI style ("1;32") if `enabled`.
std::string styled(std::string_view text, std::string_view style, bool enabled);

}  // namespace healer
