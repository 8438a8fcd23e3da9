#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "app/commands/commands.h"
#include "app/remote/running_server.h"
#include "app/story/story.h"
#include "base/clock.h"
#include "incident/transitions.h"
#include "ports/store/store.h"
#include "types/incident_list.h"
#include "types/json.h"
#include "types/yaml.h"

namespace healer {
namespace {

constexpr std::array<std::string_view, 7> kWords{"list",  "show",   "approve", "dismiss",
                                                 "retry", "revert", "states"};
constexpr std::array<const char*, 5> kFilters{"status", "severity", "service", "category", "q"};

// Where incidents are read: from the server that runs, else from the store itself.
class IncidentsSource {
 public:
  static Result<IncidentsSource> open(const Settings& settings, HttpClient& http,
                                      const Clock& clock) {
    IncidentsSource out;
    auto server = RunningServer::find(settings.data, settings.token_admin, http);
    if (server) {
      out.server_ = std::move(*server);
      return out;
    }
    if (!std::filesystem::exists(std::filesystem::path(settings.data) / "healer.db"))
      return std::unexpected(server.error());
    StoreOptions options;
    options.folder = settings.data;
    out.store_ = TRY(open_sqlite_store(options, clock));
    return out;
  }

  Result<std::vector<Incident>> list(const std::map<std::string, std::string>& filters) const {
    if (server_)
      return TRY(from_json<IncidentList>(TRY(server_->get("/api/incidents", filters)))).incidents;
    const auto of = [&](const char* name) {
      const auto it = filters.find(name);
      return it == filters.end() ? std::string() : it->second;
    };
    IncidentQuery query;
    query.status = of("status");
    query.severity = of("severity");
    query.category = of("category");
    query.service = of("service");
    query.text = of("q");
    query.limit = static_cast<std::size_t>(std::atoi(of("limit").c_str()));
    std::vector<Incident> out;
    for (const auto& row : TRY(store_->incidents(query)).rows) out.push_back(TRY(read(row)));
    return out;
  }

  Result<Incident> show(const std::string& id) const {
    if (server_) return from_json<Incident>(TRY(server_->get("/api/incidents/" + id)));
    const auto row = TRY(store_->incident(id));
    if (!row) return fail(Errc::not_found, "there is no incident " + id);
    return read(*row);
  }

  Result<void> act(const std::string& id, const std::string& word, const std::string& json) const {
    if (!server_)
      return fail(Errc::not_found, "no healer runs on that folder: start it with healer serve");
    TRY(server_->post(fmt::format("/api/incidents/{}/{}", id, word), json));
    return {};
  }

 private:
  static Result<Incident> read(const IncidentRow& row) {
    Incident out = TRY(from_json<Incident>(row.body_json));
    out.count = row.count;
    out.last_seen = row.last_seen;
    return out;
  }

  std::optional<RunningServer> server_;
  std::unique_ptr<Store> store_;
};

std::string age_of(UnixMs then, UnixMs now) {
  const auto seconds = std::max<UnixMs>(0, now - then) / 1000;
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 7200) return fmt::format("{}m", seconds / 60);
  if (seconds < 172'800) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86'400);
}

void print_table(const std::vector<Incident>& incidents, UnixMs now) {
  const bool colours = stdout_is_terminal();
  if (incidents.empty()) {
    std::cerr << "healer: there are no such incidents\n";
    return;
  }
  std::cout << styled(fmt::format("{:<36}  {:<17} {:<8} {:<14} {:>7} {:>5}  {}", "ID", "STATUS",
                                  "SEVERITY", "SERVICE", "COUNT", "SEEN", "SUMMARY"),
                      "2", colours)
            << "\n";
  for (const auto& one : incidents) {
    const std::string status = fmt::format("{:<17}", to_string(one.status));
    std::cout << fmt::format("{:<36}  {} {:<8} {:<14} {:>7} {:>5}  {}\n", one.id,
                             styled(status, style_of(one.status), colours), to_string(one.severity),
                             printable(one.service.substr(0, 14)), one.count,
                             age_of(one.last_seen, now), printable(one.summary));
  }
}

std::string who() {
  const char* user = std::getenv("USER");
  return user != nullptr ? user : "";
}

// An approval names what it approves: what was just shown, so that nothing else slips in.
Result<std::string> body_of(const CliArguments& arguments, const std::string& word,
                            const Incident& incident) {
  std::string subject = arguments.value("subject");
  if (word == "approve" && subject.empty()) subject = incident.asks_for;
  return fmt::format(R"({{"actor":{},"why":{},"subject":{}}})", json_quote(who()),
                     json_quote(arguments.value("why")), json_quote(subject));
}

Result<void> run(const CliArguments& arguments, const std::string& word) {
  const Settings settings = TRY(settings_of(arguments));
  CurlClient http;
  SystemClock clock;
  const auto source = TRY(IncidentsSource::open(settings, http, clock));
  if (word == "list") {
    std::map<std::string, std::string> filters{{"limit", arguments.value("limit", "50")}};
    for (const char* name : kFilters)
      if (arguments.has(name)) filters[name] = arguments.value(name);
    const auto incidents = TRY(source.list(filters));
    if (!arguments.has("json")) {
      print_table(incidents, clock.wall_ms());
      return {};
    }
    for (const auto& one : incidents) std::cout << to_json(one) << "\n";
    return {};
  }
  const std::string id = arguments.words[1];
  const Incident incident = TRY(source.show(id));
  if (word == "show" && arguments.has("json")) {
    std::cout << to_json(incident) << "\n";
    return {};
  }
  if (word == "show" || word == "approve") {
    Story story({.name = incident.id, .what = "the first record", .at = incident.first_seen},
                stdout_is_terminal() ? Story::Colour::on : Story::Colour::off);
    std::cout << story.evidence(incident) << story.tell(incident) << story.ending(incident);
  }
  if (word == "show") return {};
  const std::string body = TRY(body_of(arguments, word, incident));
  TRY(source.act(id, word, body));
  std::cerr << fmt::format("healer: {} of incident {} is on its way\n", word, id);
  return {};
}

int incidents(const CliArguments& arguments) {
  const std::string word = arguments.words.empty() ? "list" : arguments.words.front();
  if (std::ranges::find(kWords, word) == kWords.end()) {
    const std::string nearest = nearest_word(word, {kWords.begin(), kWords.end()});
    std::cerr << fmt::format("healer: incidents has no \"{}\"{}\n", word,
                             nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?");
    return kExitUsage;
  }
  if (word == "states" && arguments.words.size() == 1) {
    std::cout << state_diagram();
    return kExitDone;
  }
  if ((word == "list") != (arguments.words.size() < 2)) {
    std::cerr << fmt::format("healer: incidents {} {}\n", word,
                             word == "list" ? "takes no ID" : "needs the ID of an incident");
    return kExitUsage;
  }
  const auto done = run(arguments, word);
  return done ? kExitDone : failed(done.error());
}

}  // namespace

CliCommand incidents_command() {
  return {
      .name = "incidents",
      .usage = "[list|show ID|approve ID|dismiss ID|retry ID|revert ID|states]",
      .summary = "what failed, what was done, and a person's word on it",
      .detail =
          "Talks to the healer that runs on the data folder; list and show also read a folder "
          "where none runs.\napprove approves the plan or commit that it shows; --subject "
          "names another. states prints the diagram of all statuses (Mermaid).\n\n"
          "  healer incidents --severity critical\n"
          "  healer incidents approve 019b7a10-0000-7000-8000-000000000002 --why \"looks right\"",
      .options = {config_option(),
                  data_option(),
                  {"status", "STATUS", "list: only these"},
                  {"severity", "SEVERITY", "list: only these"},
                  {"service", "NAME", "list: only these"},
                  {"category", "CATEGORY", "list: only these"},
                  {"q", "TEXT", "list: only those that contain it"},
                  {"limit", "N", "list: at most so many (default 50)"},
                  {"subject", "HASH", "approve: plan hash or commit"},
                  {"why", "TEXT", "kept in the incident's timeline"},
                  {"json", "", "one JSON object a line"}},
      .words_max = 2,
      .run = incidents};
}

}  // namespace healer
