#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "app/commands/commands.h"
#include "app/remote/running_server.h"
#include "app/server/server.h"
#include "ports/exec/exec.h"
#include "ports/exec/tree_folder.h"
#include "ports/forge/git.h"
#include "ports/http/server.h"
#include "sources/tail/tail.h"
#include "stages/decide/rules.h"
#include "types/json.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kFreeBytesWanted = 1024ULL * 1024 * 1024;

enum class Finding { ok, warning, fault };

// Looks at one thing after another and says what it found.
class Doctor {
 public:
  explicit Doctor(bool json) : json_(json) {}
  int look(const CliArguments& arguments);

 private:
  void say(Finding finding, std::string_view what, std::string_view text);
  void program(const char* name, Finding without, std::string_view why);
  void data_folder(const Settings& settings);
  void listener(const Settings& settings);
  void service(const Service& service);
  void repository(const RepositoryRef& repository);
  void models(const Settings& settings);

  const bool json_;
  bool healthy_ = true;
  SystemExecutor executor_;
  CurlClient http_;
};

void Doctor::say(Finding finding, std::string_view what, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kWords{
      {{"ok", "32"}, {"warn", "33"}, {"FAIL", "1;31"}}};
  const auto& [word, style] = kWords.at(static_cast<std::size_t>(finding));
  healthy_ &= finding != Finding::fault;
  if (json_)
    std::cout << fmt::format(R"({{"result":"{}","what":{},"text":{}}})", word, json_quote(what),
                             json_quote(text))
              << std::endl;
  else
    std::cout << styled(fmt::format("{:<5}", word), style, stdout_is_terminal())
              << fmt::format("{:<12} {}", what, printable(text)) << std::endl;
}

void Doctor::program(const char* name, Finding without, std::string_view why) {
  const auto result =
      executor_.run({.argv = {name, "--version"}, .cwd = {}, .env = {}, .input = {}});
  if (!result || !result->ok())
    return say(without, name, fmt::format("is missing: {}; apt-get install {}", why, name));
  say(Finding::ok, name, result->out.substr(0, result->out.find('\n')));
}

void Doctor::data_folder(const Settings& settings) {
  std::error_code error;
  fs::create_directories(settings.data, error);
  if (error || access(settings.data.c_str(), W_OK | X_OK) != 0)
    return say(Finding::fault, "data",
               fmt::format("{} cannot be written: {}; name another folder with --data",
                           settings.data, error ? error.message() : std::strerror(errno)));
  const auto space = fs::space(settings.data, error);
  const std::string free = fmt::format("{} MiB free", space.available / (1024 * 1024));
  if (!error && space.available < kFreeBytesWanted)
    return say(Finding::warning, "data", fmt::format("{}: only {}", settings.data, free));
  say(Finding::ok, "data", fmt::format("{}, {}", settings.data, free));
}

void Doctor::listener(const Settings& settings) {
  if (const auto server = RunningServer::find(settings.data, settings.token_admin, http_)) {
    const auto health = server->get("/health");
    return say(health ? Finding::ok : Finding::fault, "server",
               health ? fmt::format("runs on http://{}", server->address())
                      : fmt::format("http://{}: {}", server->address(), health.error().message));
  }
  ServerOptions options;
  options.listen = settings.listen;
  options.token_admin = settings.token_admin;
  options.token_read = settings.token_read;
  const auto started = HttpServer::start(options, {});
  if (!started) return say(Finding::fault, "server", started.error().message);
  say(Finding::ok, "server", fmt::format("none runs; {} is free", settings.listen));
}

void Doctor::repository(const RepositoryRef& repository) {
  const auto scratch = TreeFolder::make();
  if (!scratch) return say(Finding::fault, "repository", scratch.error().message);
  GitMirrors mirrors(scratch->path(), executor_);
  const auto head = mirrors.fetch(repository.url, repository.branch);
  if (!head) return say(Finding::fault, "repository", head.error().message);
  const std::string where =
      fmt::format("{} {} at {}", repository.url, head->branch, head->sha.substr(0, 12));
  const auto text = mirrors.read_file(repository.url, head->sha, ".healer.yml");
  if (!text)
    return say(Finding::warning, "repository",
               where + ": no .healer.yml, so the server only suggests fixes");
  const auto rules = parse_repository_rules(*text);
  if (!rules)
    return say(Finding::fault, "repository", where + ": .healer.yml: " + rules.error().message);
  if (rules->check.empty())
    return say(Finding::warning, "repository",
               where + ": .healer.yml declares no check, so no fix can be proven");
  say(Finding::ok, "repository",
      fmt::format("{}: autonomy {}, check {}", where, to_string(rules->autonomy),
                  fmt::join(rules->check, " ")));
}

void Doctor::service(const Service& service) {
  for (const auto& glob : service.logs) {
    const auto files = files_of_glob(glob);
    std::string unreadable;
    for (const auto& file : files)
      if (access(file.c_str(), R_OK) != 0) unreadable = file;
    if (files.empty())
      say(Finding::warning, service.name, fmt::format("no file is {} yet", glob));
    else if (!unreadable.empty())
      say(Finding::fault, service.name, unreadable + " cannot be read by this user");
    else
      say(Finding::ok, service.name, fmt::format("{} files of {}", files.size(), glob));
  }
  if (service.logs.empty() && service.match.empty())
    say(Finding::warning, service.name, "neither logs nor match: only labels can name it");
  if (service.repositories.empty())
    say(Finding::warning, service.name, "no repository: its failures are told, never fixed");
  for (const auto& one : service.repositories) repository(one);
}

void Doctor::models(const Settings& settings) {
  const auto models = models_of(settings);
  if (models.empty()) say(Finding::ok, "model", "none is asked; the embedded brain works alone");
  for (const auto& model : models) {
    const ClientRequest request{.url = model.server.url + "/models",
                                .headers = llm_headers(model.server.api, model.server.key),
                                .timeout = Millis(5000)};
    const auto answer = http_.send(request);
    if (!answer)
      say(Finding::warning, "model", answer.error().message);
    else
      say(answer->status == 200 ? Finding::ok : Finding::warning, "model",
          fmt::format("{} answers {}", model.server.url, answer->status));
  }
}

int Doctor::look(const CliArguments& arguments) {
  const auto settings = settings_of(arguments);
  if (!settings) {
    say(Finding::fault, "settings", settings.error().message);
    return kExitFailed;
  }
  say(Finding::ok, "settings",
      fmt::format("{} services, {} notify routes", settings->services.size(),
                  settings->notify.size()));
  data_folder(*settings);
  program("git", Finding::fault, "nothing can be fetched or pushed");
  program("python3", Finding::warning, "the demo needs it");
  const SandboxSupport sandbox = executor_.sandbox_support();
  if (sandbox.available)
    say(Finding::ok, "sandbox", "checks run; memory limit by " + sandbox.memory_limit);
  else
    say(Finding::fault, "sandbox", "no check runs, so no fix is proven: " + sandbox.reason);
  listener(*settings);
  models(*settings);
  for (const auto& one : settings->services) service(one);
  return healthy_ ? kExitDone : kExitFailed;
}

int doctor(const CliArguments& arguments) { return Doctor(arguments.has("json")).look(arguments); }

}  // namespace

CliCommand doctor_command() {
  return {.name = "doctor",
          .usage = "[--config FILE] [--data DIR]",
          .summary = "whether this machine and these settings let healer work",
          .detail =
              "Looks at the settings, the data folder, git, the sandbox, the listener, the "
              "model, and each service's\\nlogs and repositories, and says what to do where "
              "something is wrong. Changes nothing.",
          .options = {config_option(), data_option(), {"json", "", "one JSON object a line"}},
          .run = doctor};
}

}  // namespace healer
