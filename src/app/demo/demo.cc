#include "app/demo/demo.h"

#include <fmt/format.h>

#include <filesystem>
#include <mutex>

#include "app/demo/scenario_runs.h"
#include "app/demo/supervisor_client.h"
#include "base/hash.h"
#include "blob/healer_demo_files.h"
#include "types/json.h"
#include "types/yaml.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr Millis kStartMax{30'000};
constexpr Millis kDeployMax{30'000};
constexpr Millis kAnswerMax{5'000};

const std::string& build_of_files() {
  static const std::string build = hex16(hash64(healer_demo_files()));
  return build;
}

Result<void> make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    return fail(Errc::io, fmt::format("cannot make {}: {}", path.string(), error.message()));
  return {};
}

// The files of this build of healer, whole or not at all, and no other build's.
Result<void> write_files(const fs::path& files, Executor& executor) {
  const fs::path folder = files / build_of_files();
  if (fs::exists(folder)) return {};
  const fs::path fresh = files / "new";
  std::error_code error;
  fs::remove_all(files, error);
  TRY(make_folder(fresh));
  const auto result = TRY(executor.run({.argv = {"tar", "--extract", "--file", "-",
                                                 "--no-same-owner", "--directory", fresh.string()},
                                        .cwd = {},
                                        .env = {},
                                        .input = std::string(healer_demo_files())}));
  if (!result.ok()) return fail(Errc::io, "the demo's files cannot be written: " + result.err);
  fs::rename(fresh, folder, error);
  if (error) return fail(Errc::io, "the demo's files cannot be written: " + error.message());
  return {};
}

}  // namespace

struct Demo::State {
  State(std::string where, Executor& exec, const Clock& time)
      : dir(fs::absolute(where).lexically_normal()), executor(exec), clock(time), runs(dir) {}

  Result<void> run_supervisor();

  const std::string dir;
  Executor& executor;
  const Clock& clock;
  std::mutex starting;
  mutable std::mutex mutex;  // of runs
  ScenarioRuns runs;
};

Result<void> Demo::State::run_supervisor() {
  const fs::path files = fs::path(dir) / "files";
  if (const auto status = ask_supervisor(dir, {.command = "status"}, kAnswerMax)) {
    if (status->build == build_of_files()) return {};
    TRY(ask_supervisor(dir, {.command = "stop"}, kAnswerMax));
  }
  TRY(write_files(files, executor));
  const fs::path program = files / build_of_files() / "services" / "supervisor.py";
  const auto started =
      TRY(executor.run({.argv = {"python3", "-S", program.string(), dir, "--detach"},
                        .cwd = dir,
                        .env = {{"SHOP_BUILD", build_of_files()}},
                        .input = {},
                        .timeout = kStartMax}));
  if (started.ok()) return {};
  return fail(started.timed_out ? Errc::timeout : Errc::io,
              fmt::format("the demo does not start: {}{}/supervisor.out and {}/logs/shop.log may "
                          "say why",
                          started.err, dir, dir));
}

Demo::Demo(std::string dir, Executor& executor, const Clock& clock)
    : state_(std::make_unique<State>(std::move(dir), executor, clock)) {}
Demo::~Demo() = default;

std::string Demo::service_config() const {
  const auto in_folder = [this](std::string_view name) {
    return json_quote(fmt::format("{}/{}", state_->dir, name));
  };
  return fmt::format(
      "  - name: shop\n"
      "    environment: production\n"
      "    owner: shop-team\n"
      "    contacts: [shop-team]\n"
      "    logs: [{}]\n"
      "    repositories:\n"
      "      - url: {}\n"
      "        branch: main\n"
      "        trust_deploy: true\n",
      in_folder("logs/*.log"), in_folder("shop.git"));
}

std::map<std::string, std::string> Demo::deploy_env() const {
  return {{"SHOP_SUPERVISOR", state_->dir}};
}

Result<void> Demo::start(std::string healer_url, std::string token) {
  std::lock_guard lock(state_->starting);
  TRY(make_folder(state_->dir));
  TRY(state_->run_supervisor());
  TRY(ask_supervisor(state_->dir,
                     {.command = "announce", .url = std::move(healer_url), .token = token},
                     kAnswerMax));
  return {};
}

Result<void> Demo::inject(std::string_view scenario) {
  {
    std::lock_guard lock(state_->mutex);
    TRY(state_->runs.begin(scenario, state_->clock.wall_ms()));
  }
  const SupervisorRequest request{.command = "scenario", .name = std::string(scenario)};
  if (const auto reply = ask_supervisor(state_->dir, request, kDeployMax); !reply) {
    std::lock_guard lock(state_->mutex);
    state_->runs.give_up(scenario, reply.error().message, state_->clock.wall_ms());
    return std::unexpected(reply.error());
  }
  return {};
}

std::vector<DemoScenario> Demo::list() const {
  std::lock_guard lock(state_->mutex);
  return state_->runs.list(state_->clock.wall_ms());
}

void Demo::incident_changed(const Incident& incident) {
  std::lock_guard lock(state_->mutex);
  state_->runs.incident_changed(incident, state_->clock.wall_ms());
}

Result<void> Demo::stop() {
  TRY(ask_supervisor(state_->dir, {.command = "stop"}, kAnswerMax));
  return {};
}

}  // namespace healer
