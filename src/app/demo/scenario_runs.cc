#include "app/demo/scenario_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/demo/demo.h"
#include "base/log.h"
#include "blob/healer_demo_scenarios.h"
#include "incident/transitions.h"
#include "types/json.h"
#include "types/yaml.h"

namespace healer {
namespace {

constexpr UnixMs kIncidentWaitMs = 5 * 60'000;  // from the bad deploy to its incident
constexpr UnixMs kRunMaxMs = 60 * 60'000;

struct Known {
  std::string name, title, file;
};

const std::vector<Known>& known_scenarios() {
  static const std::vector<Known> known = [] {
    std::vector<Known> out;
    if (const auto root = parse_yaml(healer_demo_scenarios(), "scenarios.json"))
      for (const auto& item : root->items)
        out.push_back({item.text("name"), item.text("title"), item.text("file")});
    return out;
  }();
  return known;
}

std::string_view file_of(std::string_view scenario) {
  const auto found = std::ranges::find(known_scenarios(), scenario, &Known::name);
  return found == known_scenarios().end() ? std::string_view() : std::string_view(found->file);
}

// The change decides where there is one; before that, what the brain suspects.
bool concerns(const Incident& incident, std::string_view file) {
  if (incident.diff.empty()) return incident.affected_file == file;
  return incident.diff.find(fmt::format("+++ b/{}\n", file)) != std::string::npos;
}

double seconds_between(UnixMs from, UnixMs to) {
  return static_cast<double>(std::max<UnixMs>(0, to - from)) / 1000;
}

void end(DemoScenario& run, DemoState state, std::string because, UnixMs now) {
  run.state = state;
  run.because = std::move(because);
  run.seconds = seconds_between(run.started, now);
}

// As it is by now: a run that nothing came of has failed.
DemoScenario as_of(DemoScenario run, UnixMs now) {
  if (run.state != DemoState::running) return run;
  run.seconds = seconds_between(run.started, now);
  if (run.incident_id.empty() && now - run.started > kIncidentWaitMs)
    end(run, DemoState::failed, "no incident was opened for it", now);
  else if (now - run.started > kRunMaxMs)
    end(run, DemoState::failed, "it was not healed within an hour", now);
  return run;
}

}  // namespace

std::vector<DemoScenario> demo_scenarios() {
  std::vector<DemoScenario> out;
  for (const auto& known : known_scenarios())
    out.push_back({.name = known.name,
                   .title = known.title,
                   .state = DemoState::idle,
                   .incident_id = {},
                   .seconds = 0,
                   .because = {},
                   .started = {}});
  return out;
}

ScenarioRuns::ScenarioRuns(std::string dir)
    : path_(std::move(dir) + "/scenarios.json"), runs_(demo_scenarios()) {
  std::ifstream file(path_, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().empty()) return;
  const auto kept = from_json<DemoScenarios>(text.str());
  if (!kept) {
    log_event(LogLevel::warn, "demo_state_lost", {{"path", path_}, {"why", kept.error().message}});
    return;
  }
  for (const auto& run : kept->scenarios)
    if (DemoScenario* here = find(run.name)) {
      const std::string title = here->title;
      *here = run;
      here->title = title;
    }
}

DemoScenario* ScenarioRuns::find(std::string_view name) {
  const auto found = std::ranges::find(runs_, name, &DemoScenario::name);
  return found == runs_.end() ? nullptr : &*found;
}

void ScenarioRuns::save() const {
  const std::string fresh = path_ + ".new";
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
  {
    std::ofstream file(fresh, std::ios::binary);
    file << to_json(DemoScenarios{runs_});
    if (!file.flush()) {
      log_event(LogLevel::warn, "demo_state_not_written", {{"path", fresh}});
      return;
    }
  }
  std::filesystem::rename(fresh, path_, error);
}

Result<void> ScenarioRuns::begin(std::string_view name, UnixMs now) {
  DemoScenario* run = find(name);
  if (run == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& one : runs_) names.push_back(one.name);
    const std::string nearest = nearest_word(name, names);
    return fail(Errc::not_found,
                fmt::format("there is no scenario \"{}\"; {}", name,
                            nearest.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                                            : fmt::format("did you mean {}?", nearest)));
  }
  if (as_of(*run, now).state == DemoState::running)
    return fail(Errc::conflict, fmt::format("{} runs since {:.0f} s; it can be started again when "
                                            "it has ended",
                                            name, seconds_between(run->started, now)));
  *run = {.name = run->name,
          .title = run->title,
          .state = DemoState::running,
          .incident_id = {},
          .seconds = 0,
          .because = {},
          .started = now};
  save();
  return {};
}

void ScenarioRuns::give_up(std::string_view name, std::string because, UnixMs now) {
  if (DemoScenario* run = find(name)) {
    end(*run, DemoState::failed, std::move(because), now);
    save();
  }
}

void ScenarioRuns::incident_changed(const Incident& incident, UnixMs now) {
  if (incident.service != "shop") return;
  for (auto& run : runs_) {
    const bool open = run.state == DemoState::running;
    const bool same = !run.incident_id.empty() && run.incident_id == incident.id;
    if (run.state == DemoState::idle || run.state == DemoState::healed) continue;
    if (incident.created < run.started || (!same && !concerns(incident, file_of(run.name))))
      continue;
    // One mistake may show as several incidents: the first counts, unless another heals it.
    if (!same && (!run.incident_id.empty() || !open) && !ended_well(incident.status)) continue;
    const bool changed = !same || incident.done;
    run.incident_id = incident.id;
    if (incident.done && ended_well(incident.status))
      end(run, DemoState::healed, {}, now);
    else if (incident.done && open)
      end(run, DemoState::failed, incident.because, now);
    if (changed) save();
  }
}

std::vector<DemoScenario> ScenarioRuns::list(UnixMs now) const {
  std::vector<DemoScenario> out;
  for (const auto& run : runs_) out.push_back(as_of(run, now));
  return out;
}

}  // namespace healer
