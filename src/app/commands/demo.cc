#include "app/demo/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/interrupt.h"
#include "app/demo_logs/log_generator.h"
#include "app/remote/running_server.h"
#include "app/server/server.h"
#include "app/story/story.h"
#include "base/clock.h"
#include "types/json.h"
#include "types/yaml.h"

namespace healer {
namespace {

constexpr Millis kLookEvery{100};

Result<std::vector<DemoScenario>> scenarios_of(const RunningServer& server) {
  auto text = server.get("/api/demo/scenarios");
  if (!text && text.error().code == Errc::not_found)
    return fail(Errc::not_found,
                fmt::format("the healer on {} runs without the demo; start it with "
                            "--demo, or name another folder with --data",
                            server.address()));
  if (!text) return std::unexpected(text.error());
  return TRY(from_json<DemoScenarios>(R"({"scenarios":)" + *text + "}")).scenarios;
}

// One scenario from the bad commit to its end, told as it happens.
class Run {
 public:
  Run(const RunningServer& server, const Interrupts& interrupts)
      : server_(server), interrupts_(interrupts) {}

  Result<int> play(const DemoScenario& scenario) {
    SystemClock clock;
    TRY(server_.post("/api/trigger-demo",
                     fmt::format(R"({{"scenario":{}}})", json_quote(scenario.name))));
    Story story({.name = scenario.name, .what = "the bad deploy", .at = clock.wall_ms()},
                stdout_is_terminal() ? Story::Colour::on : Story::Colour::off);
    std::cout << story.opening(scenario.title, "a bad commit is pushed and deployed") << std::flush;
    Incident incident;
    for (;;) {
      if (interrupts_.within(kLookEvery)) return kExitInterrupted;
      const auto now = TRY(state_of(scenario.name));
      if (!now.incident_id.empty()) {
        incident = TRY(from_json<Incident>(TRY(server_.get("/api/incidents/" + now.incident_id))));
        std::cout << story.tell(incident) << std::flush;
      }
      if (now.state == DemoState::running) continue;
      std::cout << story.ending(incident) << "\n" << std::flush;
      if (now.state == DemoState::healed) return kExitDone;
      std::cerr << "healer: " << scenario.name << " was not healed: " << now.because << "\n";
      return kExitFailed;
    }
  }

 private:
  Result<DemoScenario> state_of(std::string_view name) const {
    for (auto& one : TRY(scenarios_of(server_)))
      if (one.name == name) return std::move(one);
    return fail(Errc::not_found, fmt::format("the demo has no scenario {}", name));
  }

  const RunningServer& server_;
  const Interrupts& interrupts_;
};

Result<std::vector<DemoScenario>> chosen(const std::vector<std::string>& names) {
  const auto all = demo_scenarios();
  if (names.size() == 1 && names.front() == "all") return all;
  std::vector<DemoScenario> out;
  std::vector<std::string_view> known{"all"};
  for (const auto& one : all) known.push_back(one.name);
  for (const auto& name : names) {
    const auto it = std::ranges::find(all, name, &DemoScenario::name);
    const std::string nearest = nearest_word(name, known);
    if (it == all.end())
      return fail(
          Errc::invalid_input,
          fmt::format("there is no scenario \"{}\"{}", name,
                      nearest.empty() ? fmt::format("; there are {}", fmt::join(known, ", "))
                                      : "; did you mean " + nearest + "?"));
    out.push_back(*it);
  }
  return out;
}

Result<int> play_all(const std::vector<DemoScenario>& scenarios, const RunningServer& server,
                     const Interrupts& interrupts) {
  TRY(scenarios_of(server));
  for (const auto& scenario : scenarios)
    if (const int exit = TRY(Run(server, interrupts).play(scenario)); exit != kExitDone)
      return exit;
  return kExitDone;
}

Result<void> stop_shop(const Settings& settings) {
  SystemExecutor executor;
  const SystemClock clock;
  return Demo(demo_folder(settings), executor, clock).stop();
}

// In the healer that serves the data folder, or in one that lives as long as this command.
Result<int> run(const CliArguments& arguments, const std::vector<DemoScenario>& scenarios) {
  const Interrupts interrupts;
  const Settings settings = TRY(settings_of(arguments));
  CurlClient http;
  if (const auto server = RunningServer::find(settings.data, settings.token_admin, http))
    return play_all(scenarios, *server, interrupts);
  std::cerr << "healer: starting the demo in " << settings.data << " …\n";
  const auto own =
      TRY(Server::start({.config_file = arguments.value("config"),
                         .overrides = {{"data", settings.data}, {"listen", "127.0.0.1:0"}},
                         .demo = true}));
  const auto exit =
      play_all(scenarios, RunningServer(own->address(), settings.token_admin, http), interrupts);
  own->stop();
  if (const auto stopped = stop_shop(settings); !stopped)
    std::cerr << "healer: " << stopped.error().message << "\n";
  return exit;
}

Result<int> stop(const CliArguments& arguments) {
  TRY(stop_shop(TRY(settings_of(arguments))));
  return kExitDone;
}

Result<int> list(const CliArguments& arguments) {
  const Settings settings = TRY(settings_of(arguments));
  CurlClient http;
  auto scenarios = demo_scenarios();
  if (const auto server = RunningServer::find(settings.data, settings.token_admin, http))
    if (auto known = scenarios_of(*server)) scenarios = std::move(*known);
  for (const auto& one : scenarios) {
    if (arguments.has("json")) {
      std::cout << to_json(one) << "\n";
      continue;
    }
    std::cout << fmt::format("{:<18} {:<8} {}\n", one.name, to_string(one.state), one.title);
  }
  return kExitDone;
}

Result<double> number_of(const CliArguments& arguments, const char* name, double fallback) {
  const std::string text = arguments.value(name);
  if (text.empty()) return fallback;
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || out < 0)
    return fail(Errc::invalid_input, fmt::format("--{}: \"{}\" is not a number", name, text));
  return out;
}

// As fast as the reader takes them, or at --rate lines a second.
Result<int> logs(const CliArguments& arguments) {
  const Interrupts interrupts;
  const SystemClock clock;
  const double rate = TRY(number_of(arguments, "rate", 0));
  const double count = TRY(number_of(arguments, "lines", rate > 0 ? 0 : 1000));
  LogGeneratorOptions options;
  options.seed = static_cast<std::uint64_t>(TRY(number_of(arguments, "seed", 1)));
  options.errors = TRY(number_of(arguments, "errors", options.errors));
  if (rate > 0) options.lines_per_second = rate;
  options.start = clock.wall_ms();
  options.formats = arguments.values("format");
  auto generator = TRY(LogGenerator::make(options));
  std::ios::sync_with_stdio(false);
  for (double lines = 0; count == 0 || lines < count;) {
    const Millis ahead{rate > 0 ? generator.time() - clock.wall_ms() : 0};
    if (ahead > Millis(0)) std::cout << std::flush;
    if (interrupts.within(std::max(ahead, Millis(0)))) return kExitInterrupted;
    const std::string event = generator.next();
    lines += static_cast<double>(std::ranges::count(event, '\n'));
    if (!(std::cout << event)) return fail(Errc::io, "the output cannot be written");
  }
  std::cout << std::flush;
  return kExitDone;
}

int demo(const CliArguments& arguments) {
  const std::string word = arguments.words.empty() ? "list" : arguments.words.front();
  Result<int> exit = kExitUsage;
  if (word == "run") {
    const auto scenarios = chosen({arguments.words.begin() + 1, arguments.words.end()});
    if (scenarios && !scenarios->empty()) {
      exit = run(arguments, *scenarios);
    } else {
      std::cerr << "healer: "
                << (scenarios ? "demo run needs a scenario; healer demo list shows them"
                              : scenarios.error().message)
                << "\n";
    }
  } else if (word == "list" && arguments.words.size() < 2) {
    exit = list(arguments);
  } else if (word == "stop" && arguments.words.size() < 2) {
    exit = stop(arguments);
  } else if (word == "logs" && arguments.words.size() < 2) {
    exit = logs(arguments);
  } else {
    std::cerr << "healer: demo is list, run SCENARIO, stop or logs\n";
  }
  return exit ? *exit : failed(exit.error());
}

}  // namespace

CliCommand demo_command() {
  return {
      .name = "demo",
      .usage = "[list|run SCENARIO...|stop|logs]",
      .summary = "a shop that really breaks and is really healed",
      .detail =
          "run breaks the demo shop in one way after another (or in all of them: run all) and "
          "tells step by\nstep, with times, how it is found, fixed, proven, merged, deployed "
          "and watched. It uses the healer\nthat serves the data folder with --demo, or "
          "starts one for as long as it lasts.\nstop ends the shop, which outlives the healer that "
          "started it. logs writes realistic log streams of many "
          "systems.\n\n"
          "  healer demo run database-crash\n"
          "  healer demo logs --format nginx --format postgres --lines 100",
      .options = {config_option(),
                  data_option(),
                  {"format", "NAME", "logs: only this format; may be given again", true},
                  {"lines", "N", "logs: so many (default 1000; endless with --rate)"},
                  {"rate", "N", "logs: lines a second, in real time"},
                  {"errors", "SHARE", "logs: share of failures, 0 to 1 (default 0.08)"},
                  {"seed", "N", "logs: the same seed, the same lines"},
                  {"json", "", "list: one JSON object a line"}},
      .words_max = 16,
      .run = demo};
}

}  // namespace healer
