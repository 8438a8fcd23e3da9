#include "app/cli/cli.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "types/yaml.h"

namespace healer {
namespace {

const CliOption* find_option(const CliCommand& command, std::string_view name) {
  const auto it = std::ranges::find(command.options, name, &CliOption::name);
  return it == command.options.end() ? nullptr : &*it;
}

Result<void> unknown_option(const CliCommand& command, std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& option : command.options) known.push_back(option.name);
  const std::string nearest = nearest_word(name, known);
  return fail(Errc::invalid_input,
              fmt::format("unknown option --{}{}", name,
                          nearest.empty() ? "" : "; did you mean --" + nearest + "?"));
}

bool wants_help(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments,
                             [](const auto& word) { return word == "--help" || word == "-h"; });
}

int wrong_use(std::string_view message, std::string_view hint) {
  fmt::print(stderr, "healer: {}\n{}\n", message, hint);
  return kExitUsage;
}

}  // namespace

std::string CliArguments::value(std::string_view name, std::string_view fallback) const {
  const auto it = options.find(name);
  return it == options.end() || it->second.empty() ? std::string(fallback) : it->second.back();
}

std::vector<std::string> CliArguments::values(std::string_view name) const {
  const auto it = options.find(name);
  return it == options.end() ? std::vector<std::string>{} : it->second;
}

Result<CliArguments> parse_arguments(const CliCommand& command,
                                     const std::vector<std::string>& arguments) {
  CliArguments out;
  bool only_words = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (only_words || word == "-" || !word.starts_with("--")) {
      if (!only_words && word.size() > 1 && word.front() == '-')
        return fail(Errc::invalid_input, fmt::format("unknown option {}", word));
      out.words.push_back(word);
      continue;
    }
    if (word == "--") {
      only_words = true;
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const CliOption* option = find_option(command, name);
    if (option == nullptr) TRY(unknown_option(command, name));
    auto& values = out.options[name];
    if (!option->repeats && !values.empty())
      return fail(Errc::invalid_input, fmt::format("--{} is given twice", name));
    if (option->value.empty()) {
      if (equals != std::string::npos)
        return fail(Errc::invalid_input, fmt::format("--{} takes no value", name));
      values.emplace_back("true");
    } else if (equals != std::string::npos) {
      values.push_back(word.substr(equals + 1));
    } else if (i + 1 < arguments.size()) {
      values.push_back(arguments[++i]);
    } else {
      return fail(Errc::invalid_input,
                  fmt::format("--{} needs a value: --{} {}", name, name, option->value));
    }
  }
  if (out.words.size() > command.words_max)
    return fail(Errc::invalid_input,
                fmt::format("unexpected argument \"{}\"", out.words[command.words_max]));
  return out;
}

std::string command_help(const CliCommand& command) {
  std::string out = fmt::format("{}\n\nusage: healer {}{}{}\n", command.summary, command.name,
                                command.usage.empty() ? "" : " ", command.usage);
  if (!command.options.empty()) out += "\noptions:\n";
  for (const auto& option : command.options) {
    const std::string left =
        fmt::format("--{}{}{}", option.name, option.value.empty() ? "" : " ", option.value);
    out += fmt::format("  {:<24} {}\n", left, option.doc);
  }
  if (!command.detail.empty()) out += fmt::format("\n{}\n", command.detail);
  return out;
}

std::string program_help(const std::vector<CliCommand>& commands) {
  std::string out =
      "healer watches logs and alerts, fixes what broke through a proven, reviewed pull request,\n"
      "and closes an incident only when the symptom is gone.\n\nusage: healer COMMAND "
      "[options]\n\ncommands:\n";
  for (const auto& command : commands)
    out += fmt::format("  {:<10} {}\n", command.name, command.summary);
  out +=
      "\nThe quickest way in:\n  healer fix --repo . --log error.log          what broke, and the "
      "diff that mends it\n"
      "  healer serve                                 watch, with healer.yaml saying what\n"
      "  healer demo run database-crash               see the whole loop on a real small "
      "service\n\n"
      "healer COMMAND --help explains one command. Exit codes: 0 done, 1 failed, 2 wrong use,\n"
      "3 nothing could be done safely (and nothing was changed), 130 interrupted.\n";
  return out;
}

int run_cli(const std::vector<CliCommand>& commands, const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    fmt::print(stderr, "{}", program_help(commands));
    return kExitUsage;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    fmt::print("{}", program_help(commands));
    return kExitDone;
  }
  const std::string wanted = name == "--version" ? "version" : name;
  const auto command = std::ranges::find(commands, wanted, &CliCommand::name);
  if (command == commands.end()) {
    std::vector<std::string_view> known;
    for (const auto& each : commands) known.push_back(each.name);
    const std::string nearest = nearest_word(wanted, known);
    return wrong_use(fmt::format("unknown command \"{}\"{}", wanted,
                                 nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"),
                     "healer --help lists the commands");
  }
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (wants_help(rest)) {
    fmt::print("{}", command_help(*command));
    return kExitDone;
  }
  const auto parsed = parse_arguments(*command, rest);
  if (!parsed)
    return wrong_use(parsed.error().message,
                     fmt::format("healer {} --help shows the usage", command->name));
  return command->run(*parsed);
}

bool stdout_is_terminal() {
  return isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}
std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(
      out, [](char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; }, ' ');
  return out;
}

bool stderr_is_terminal() {
  return isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}

std::string styled(std::string_view text, std::string_view style, bool enabled) {
  return enabled ? fmt::format("\033[{}m{}\033[0m", style, text) : std::string(text);
}

}  // namespace healer
