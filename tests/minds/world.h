#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>

#include "base/hash.h"
#include "incident/commands.h"
#include "incident/flow.h"
#include "ports/forge/git.h"
#include "ports/forge/local_forge.h"
#include "ports/orchestrator/embedded.h"
#include "ports/store/memory_store.h"
#include "types/json.h"

namespace healer::testing {

// git is git, and an agent's sandbox is a sandbox; the owners' check is what a case says.
class CheckByText final : public Executor {
 public:
  std::string file, text;  // the check passes where this file has this text

  Result<ProcessResult> run(const Command& command) override { return system_.run(command); }
  Result<ProcessResult> run_sandboxed(const SandboxCommand& command) override {
    if (command.writes_tree) return system_.run_sandboxed(command);
    std::ostringstream found;
    found << std::ifstream(command.tree + "/" + file).rdbuf();
    const bool passes = found.str().contains(text);
    return ProcessResult{
        .exit_code = passes ? 0 : 1, .out = passes ? "ok\n" : "broken\n", .err = {}};
  }
  SandboxSupport sandbox_support() override {
    return {.available = true, .reason = {}, .memory_limit = "case"};
  }

 private:
  SystemExecutor system_;
};

// One service with one repository, and everything that an incident's steps use, on a clock that
// stands still. `consultant` and `agent` are what a test gives it.
class MindsWorld {
 public:
  MindsWorld() {
    char name[] = "/tmp/healer-minds-XXXXXX";
    folder = mkdtemp(name);
    options.services = {{.name = "shop", .environment = "production"}};
    options.policy.persist_count = 1;
  }
  ~MindsWorld() {
    shut();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  FakeClock clock;
  CheckByText executor;
  LocalForge forge;
  std::string folder;
  IncidentOptions options;
  std::unique_ptr<MemoryStore> store = make_memory_store(clock, MemoryWriter::own_thread);
  // Made anew with every start, as after a restart.
  std::function<std::unique_ptr<Consultant>(MemoryStore&)> make_consultant;
  std::function<std::unique_ptr<AgentBench>(GitMirrors&)> make_agent;

  std::string url() const { return folder + "/shop.git"; }

  // A repository of these files for the service; always the same commit for the same files.
  void make_repository(const std::map<std::string, std::string>& files) {
    for (const auto& [path, text] : files) {
      const auto target = std::filesystem::path(folder) / "work" / path;
      std::filesystem::create_directories(target.parent_path());
      std::ofstream(target, std::ios::binary) << text;
    }
    sh("cd work && ln -s README.md link && git init -q -b main . && git add -A && "
       "git commit -q -m first && cd .. && git clone -q --bare work shop.git");
    options.services.front().repositories = {{.url = url(), .branch = "main"}};
  }

  // Somebody else changes a file on main.
  void push(const std::string& path, const std::string& text) {
    sh("rm -rf theirs && git clone -q shop.git theirs");
    std::ofstream(folder + "/theirs/" + path, std::ios::binary) << text;
    sh("cd theirs && git commit -qam 'meanwhile' && git push -q origin main");
  }

  std::string sh(const std::string& script) {
    const auto result = executor.run({.argv = {"sh", "-ec", script},
                                      .cwd = folder,
                                      .env = {{"GIT_AUTHOR_NAME", "Dev"},
                                              {"GIT_AUTHOR_EMAIL", "d@example.com"},
                                              {"GIT_COMMITTER_NAME", "Dev"},
                                              {"GIT_COMMITTER_EMAIL", "d@example.com"},
                                              {"GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"},
                                              {"GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"},
                                              {"GIT_CONFIG_GLOBAL", "/dev/null"},
                                              {"HOME", folder}}});
    EXPECT_TRUE(result && result->ok()) << (result ? result->err : result.error().message);
    return result ? result->out : "";
  }

  void boot() {
    ledger_ = std::make_unique<Ledger>(*store, *store);
    mirrors = std::make_unique<GitMirrors>(folder + "/mirrors", executor);
    workbench_ = std::make_unique<Workbench>(*mirrors, forge, executor, std::vector<Playbook>{},
                                             WorkbenchOptions{});
    engine = std::make_unique<Engine>(*store, clock, ids_, EngineOptions{.step_threads = 1});
    orchestrator_ = std::make_unique<EmbeddedOrchestrator>(*engine, *store, IncidentFlow::kKind);
    commands = std::make_unique<IncidentCommands>(*orchestrator_, *store, *store, *store, clock);
    if (make_consultant) consultant_ = make_consultant(*store);
    if (make_agent) agent_ = make_agent(*mirrors);
    flow_ = std::make_unique<IncidentFlow>(IncidentWorld{
        .clock = clock,
        .incidents = *store,
        .counts = *store,
        .ledger = *ledger_,
        .storm = storm_,
        .workbench = *workbench_,
        .consultant = consultant_.get(),
        .agent = agent_.get(),
        .options = [this] { return std::make_shared<const IncidentOptions>(options); },
        .announce = [](const Incident&, UnixMs) { return std::vector<OutboxRow>{}; },
        .record_of = [this](const std::string& id) { return commands->record(id); }});
    flow_->register_with(*engine);
    const auto recovered = engine->recover();
    ASSERT_TRUE(recovered) << recovered.error().message;
  }

  void restart() {
    shut();
    if (store->crashed()) store = store->reopen();
    boot();
  }

  // An incident that a process died for: no rule of persistence stands before a decision.
  std::string open(IncidentRecord record, const std::string& id) {
    Incident& incident = record.incident;
    incident.id = id;
    incident.service = "shop";
    incident.severity = record.analysis.severity;
    incident.category = record.analysis.category;
    incident.summary = record.analysis.summary;
    incident.suggested_fix = record.analysis.suggested_fix;
    incident.affected_file = record.analysis.affected_file;
    incident.confidence = record.analysis.confidence;
    incident.uncertain = record.analysis.uncertain;
    incident.brain = record.analysis.brain;
    incident.count = 1;
    incident.first_seen = incident.last_seen = incident.created = clock.wall_ms();
    record.process_death = true;
    record.newest_record = record.record_time = clock.wall_ms();
    WriteBatch also;
    auto handover = IncidentCommands::opening(record, also);
    std::promise<Result<void>> done;
    orchestrator_->hand_over({std::move(handover)}, std::move(also),
                             [&](Result<void> result) { done.set_value(std::move(result)); });
    const auto opened = done.get_future().get();
    EXPECT_TRUE(opened) << opened.error().message;
    settle();
    return id;
  }

  std::string act(const std::string& id, SignalKind kind, const std::string& subject = "") {
    IncidentSignal signal{.kind = kind, .actor = "ann"};
    signal.subject = subject;
    std::promise<std::string> answer;
    commands->act(id, signal, [&](Result<void> result) {
      answer.set_value(result ? "" : result.error().message);
    });
    std::string out = answer.get_future().get();
    settle();
    return out;
  }

  void settle() {
    engine->fire_due();
    ASSERT_TRUE(engine->quiesce(Millis(60'000)));
  }
  void advance(Millis by) {
    clock.advance(by);
    settle();
  }

  Incident incident(const std::string& id) {
    const auto row = store->incident(id);
    EXPECT_TRUE(row && *row) << id;
    return *from_json<Incident>((*row)->body_json);
  }
  IncidentRecord record(const std::string& id) {
    auto out = commands->record(id);
    EXPECT_TRUE(out) << out.error().message;
    return out ? *out : IncidentRecord{};
  }

  // "status: detail" lines; the folder's name, new every time, is left out.
  std::string timeline(const std::string& id) {
    std::string out;
    for (const auto& entry : incident(id).timeline)
      out += fmt::format("{}: {}\n", to_string(entry.status), entry.detail);
    for (auto at = out.find(folder); at != std::string::npos; at = out.find(folder))
      out.replace(at, folder.size(), "");
    return out;
  }

  std::unique_ptr<Engine> engine;
  std::unique_ptr<IncidentCommands> commands;
  std::unique_ptr<GitMirrors> mirrors;

 private:
  void shut() {
    if (engine) engine->drain(Millis(60'000));
    commands.reset();
    orchestrator_.reset();
    engine.reset();
    flow_.reset();
    agent_.reset();
    consultant_.reset();
  }

  FakeIds ids_;
  StormWatch storm_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Workbench> workbench_;
  std::unique_ptr<Orchestrator> orchestrator_;
  std::unique_ptr<Consultant> consultant_;
  std::unique_ptr<AgentBench> agent_;
  std::unique_ptr<IncidentFlow> flow_;
};

// Text of a case's row: \n, \t and \0 are what they say.
inline std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (text[i] != '\\' || (next != 'n' && next != 't' && next != '0' && next != '\\')) {
      out += text[i];
      continue;
    }
    out += next == 'n' ? '\n' : next == 't' ? '\t' : next == '0' ? '\0' : '\\';
    ++i;
  }
  return out;
}

// "a | b" as a and b.
inline std::pair<std::string, std::string> halves(const std::string& text) {
  const auto bar = text.find(" | ");
  if (bar == std::string::npos) return {text, ""};
  return {text.substr(0, bar), unescaped(text.substr(bar + 3))};
}

}  // namespace healer::testing
