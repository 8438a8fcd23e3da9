#include <fmt/format.h>

#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/interrupt.h"
#include "app/remote/running_server.h"
#include "app/story/story.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr Millis kReconnectEvery{500};
constexpr std::size_t kIncidentsRemembered = 10'000;

// One line for each status that an incident enters.
class Follower {
 public:
  explicit Follower(const CliArguments& arguments)
      : json_(arguments.has("json")), service_(arguments.value("service")) {}

  void take(std::string_view type, std::string_view data) {
    if (json_) {
      std::cout << fmt::format(R"({{"type":{},"data":{}}})", json_quote(type), data) << std::endl;
      return;
    }
    if (type != "incident") return;
    const auto incident = from_json<Incident>(data);
    if (!incident || incident->timeline.empty()) return;
    if (!service_.empty() && incident->service != service_) return;
    if (told_.size() > kIncidentsRemembered) told_.clear();
    // Of one that began before, only what is new.
    auto [known, fresh] = told_.try_emplace(incident->id, incident->timeline.size() - 1);
    std::size_t& told = known->second;
    const bool colours = stdout_is_terminal();
    for (; told < incident->timeline.size(); ++told) {
      const auto& entry = incident->timeline[told];
      const std::string status = fmt::format("{:<17}", to_string(entry.status));
      std::cout << fmt::format("{} {} {:<14} {}{} {}\n",
                               styled(format_utc(entry.at).substr(11, 12), "2", colours),
                               styled(status, style_of(entry.status), colours),
                               printable(incident->service.empty() ? "?" : incident->service),
                               printable(fresh ? incident->summary : entry.detail),
                               entry.actor == "healer" ? "" : " (" + printable(entry.actor) + ")",
                               styled(incident->id, "2", colours));
    }
    std::cout << std::flush;
  }

 private:
  const bool json_;
  const std::string service_;
  std::map<std::string, std::size_t> told_;  // timeline entries by incident
};

int tail(const CliArguments& arguments) {
  const auto settings = settings_of(arguments);
  if (!settings) return failed(settings.error());
  CurlClient http;
  Follower follower(arguments);
  std::string last_id;
  bool told = false;
  for (;;) {
    const auto server = RunningServer::find(settings->data, settings->token_admin, http);
    if (!server && !told) return failed(server.error());
    if (server) {
      if (!told) std::cerr << "healer: following " << server->address() << "; Ctrl-C ends it\n";
      told = true;
      const auto done = server->events(last_id, [&](std::string_view type, std::string_view data) {
        follower.take(type, data);
        return true;
      });
      if (!done && done.error().code == Errc::denied) return failed(done.error());
    }
    // It restarts, or is gone for good.
    if (Interrupts().within(kReconnectEvery)) return kExitInterrupted;
  }
}

}  // namespace

CliCommand tail_command() {
  return {.name = "tail",
          .usage = "[--service NAME] [--json]",
          .summary = "what happens to incidents, as it happens",
          .detail =
              "Follows the healer that runs on the data folder, over its restarts.\n\n"
              "  healer tail --service shop",
          .options = {config_option(),
                      data_option(),
                      {"service", "NAME", "only its incidents"},
                      {"json", "", "every event as one JSON object a line"}},
          .run = tail};
}

}  // namespace healer
