#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <set>

#include "app/notify/announce.h"
#include "app/pipeline/findings.h"
#include "app/pipeline/publishing_journal.h"
#include "app/server/brain.h"
#include "incident/commands.h"
#include "incident/flow.h"
#include "ports/exec/exec.h"
#include "ports/forge/git.h"
#include "ports/forge/local_forge.h"
#include "ports/orchestrator/embedded.h"
#include "ports/store/memory_store.h"
#include "stages/ingest/ingest.h"
#include "tests/case_file.h"
#include "tests/life/git_room.h"
#include "types/json.h"

namespace healer::testing {

constexpr Millis kLongest{60'000};  // of real time; never reached where all is well

// git is git; the sandbox and the owners' `deploy` are what a case says.
class CaseExecutor final : public Executor {
 public:
  std::string check;  // passes, fails or breaks; else it looks at each service's settings
  std::atomic<Millis> takes{Millis(0)};  // by the clock, once for both runs
  std::function<void(Millis)> pass_time;
  SandboxSupport support{.available = true, .reason = {}, .memory_limit = "case"};
  std::function<Result<ProcessResult>(const Command&)> deploy;

  Result<ProcessResult> run(const Command& command) override {
    return command.argv.front() == "git" ? system_.run(command) : deploy(command);
  }
  Result<ProcessResult> run_sandboxed(const SandboxCommand& command) override {
    pass_time(takes.exchange(Millis(0)));
    std::string out;
    bool all = true, any = false;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(command.tree)) {
      if (entry.path().filename() != "app.yaml") continue;
      const std::string name = entry.path().parent_path().filename(),
                        text = read_text(entry.path());
      for (const char* broken : {"max: 2\n", "memory: 128Mi"}) {
        const bool ok = !text.contains(broken);
        out += fmt::format("{} {} {}\n", ok ? "ok" : "not ok", name, std::string(broken, 3));
        (ok ? any : all) = ok;
      }
    }
    if (!check.empty()) all = check == "passes" || (check == "breaks" && !any);
    return ProcessResult{.exit_code = all ? 0 : 1, .out = check.empty() ? out : "", .err = {}};
  }
  SandboxSupport sandbox_support() override { return support; }

 private:
  SystemExecutor system_;
};

// The local forge, unless it refuses: "everything", or the call of that name.
class CaseForge final : public Forge {
 public:
  using Url = const std::string&;
  LocalForge real;
  std::string refuses;

  Result<PullRequest> open_pull(Url url, const PullDraft& draft) override {
    TRY(works("open"));
    return real.open_pull(url, draft);
  }
  Result<PullRequest> pull(Url url, std::int64_t number) override {
    TRY(works("look"));
    return real.pull(url, number);
  }
  Result<std::optional<PullRequest>> find_pull(Url url, const std::string& branch) override {
    TRY(works("find"));
    return real.find_pull(url, branch);
  }
  Result<void> add_review(Url url, std::int64_t number, const Review& review) override {
    TRY(works("review"));
    return real.add_review(url, number, review);
  }
  Result<void> comment(Url url, std::int64_t number, const std::string& text) override {
    TRY(works("comment"));
    return real.comment(url, number, text);
  }
  Result<std::string> merge(Url url, std::int64_t number, const std::string& head,
                            const std::string& by, UnixMs at) override {
    TRY(works("merge"));
    return real.merge(url, number, head, by, at);
  }
  Result<void> close_pull(Url url, std::int64_t number, const std::string& by) override {
    TRY(works("close"));
    return real.close_pull(url, number, by);
  }
  Result<PullRequest> open_revert(Url url, std::int64_t number, const std::string& branch,
                                  UnixMs at) override {
    TRY(works("revert"));
    return real.open_revert(url, number, branch, at);
  }
  bool hosted() const override { return false; }

 private:
  Result<void> works(std::string_view call) const {
    if (refuses == call || refuses == "everything")
      return fail(Errc::upstream, "the forge does not answer");
    return {};
  }
};

// What stands around a case before it begins.
struct Setup {
  Policy policy;
  std::vector<Service> services;
  std::vector<NotifyRoute> routes{{.name = "team"}};
};

// The whole of healer but its sockets and files: real pipeline stages, engine, flow, git and
// playbooks on a clock that stands still; time passes from one thing that is due to the next.
class World {
 public:
  World(GitRoom& room, Setup setup)
      : room_(room),
        setup_(std::move(setup)),
        store_(make_memory_store(clock, MemoryWriter::own_thread)) {
    executor.deploy = [](const Command&) -> Result<ProcessResult> { return ProcessResult{}; };
    publish();
    boot();
  }
  ~World() { shut(); }

  FakeClock clock;
  CaseExecutor executor;
  CaseForge forge;
  std::function<void()> tick;                            // more that happens by the clock …
  std::function<UnixMs()> next_tick = [] { return 0; };  // … and when next; 0: never

  struct Notice {
    UnixMs at;
    OutboxRow row;
  };
  std::vector<Notice> notices;      // what people were told
  std::vector<std::string> opened;  // incidents, oldest first
  int crashes = 0;

  UnixMs now() const { return clock.wall_ms(); }
  MemoryStore& store() { return *store_; }
  IncidentCommands& commands() { return *commands_; }
  Policy policy() const { return options_.load()->policy; }
  void change_policy(const std::function<void(Policy&)>& change) {
    change(setup_.policy);
    publish();
  }

  void restart() {
    shut();
    if (store_->crashed()) {
      store_ = store_->reopen();
      ++crashes;
    }
    boot();
  }

  // They arrive now, and are one commit.
  void feed(std::vector<RecordBatch> batches) {
    Effect effect;
    std::vector<Receipt> receipts;
    for (auto& batch : batches) receipts.push_back(findings_->add(effect, batch, now()));
    for (bool stored = false; !stored;) {
      stored = findings_->commit(effect, receipts).ok();
      if (stored) continue;
      ASSERT_TRUE(store_->crashed());
      restart();
      // It may be on disk though nobody was told; a source would know by its checkpoint.
      for (const auto& [fingerprint, record] : effect.openings)
        stored = stored || store_->incident(record.incident.id)->has_value();
    }
    std::set<std::string> fresh;  // ids are in the order of their making
    for (const auto& [fingerprint, record] : effect.openings) fresh.insert(record.incident.id);
    opened.insert(opened.end(), fresh.begin(), fresh.end());
    settle();
  }

  std::string act(const std::string& id, const IncidentSignal& signal) {
    return wait_for([&](DurableDone done) { commands_->act(id, signal, std::move(done)); });
  }
  std::string deployed(const Deploy& deploy) {
    services_->deployed(deploy);
    return wait_for([&](DurableDone done) { commands_->deployed(deploy, std::move(done)); });
  }
  // From within a step: nobody waits.
  void report_deploy(const Deploy& deploy) {
    services_->deployed(deploy);
    commands_->deployed(deploy, [](const Result<void>&) {});
  }
  std::string silence(const std::string& what, UnixMs until) {
    return wait_for([&](DurableDone done) { commands_->silence(what, until, std::move(done)); });
  }

  Incident incident(const std::string& id) {
    auto row = store_->incident(id);
    EXPECT_TRUE(row && *row) << id;
    Incident out = *from_json<Incident>((*row)->body_json);
    out.count = (*row)->count;
    return out;
  }

  void advance_to(UnixMs target) {
    settle();
    while (now() < target) {
      UnixMs next = target;
      for (const UnixMs due : {next_due(), next_tick(), findings_->signals_due_at()})
        if (due > now()) next = std::min(next, due);
      clock.advance(Millis(next - now()));
      while (next_tick() != 0 && next_tick() <= now()) tick();
      settle();
    }
  }

  // Until nothing more happens at this time of the clock.
  void settle() {
    for (bool again = true; again;) {
      engine_->fire_due();
      ASSERT_TRUE(engine_->quiesce(kLongest));
      again = store_->crashed();
      if (again) restart();
      deliver();
      if (findings_->signals_due_at() == 0 || findings_->signals_due_at() > now()) continue;
      findings_->send_due_signals();
      again = true;
    }
  }

 private:
  void publish() {
    options_.store(std::make_shared<const IncidentOptions>(
        IncidentOptions{setup_.policy, setup_.services, Millis(10'000)}));
  }

  void boot() {
    static const auto knowledge = load_rules();  // a retrained brain changes no flow
    static const auto playbooks = load_playbooks();
    open_ = std::make_unique<OpenIncidents>();
    storm_ = std::make_unique<StormWatch>();
    journal_ = std::make_unique<PublishingJournal>(
        *store_, [this](const IncidentRow& row) { open_->update(row); });
    ledger_ = std::make_unique<Ledger>(*store_, *store_);
    mirrors_ = std::make_unique<GitMirrors>(room_.folder() + "/mirrors", executor);
    workbench_ =
        std::make_unique<Workbench>(*mirrors_, forge, executor, *playbooks, WorkbenchOptions{});
    engine_ = std::make_unique<Engine>(*journal_, clock, ids_, EngineOptions{.step_threads = 1});
    orchestrator_ =
        std::make_unique<EmbeddedOrchestrator>(*engine_, *journal_, IncidentFlow::kKind);
    commands_ =
        std::make_unique<IncidentCommands>(*orchestrator_, *journal_, *store_, *store_, clock);
    flow_ = std::make_unique<IncidentFlow>(IncidentWorld{
        .clock = clock,
        .incidents = *store_,
        .counts = *store_,
        .ledger = *ledger_,
        .storm = *storm_,
        .workbench = *workbench_,
        .options = [this] { return options_.load(); },
        .announce =
            [this](const Incident& incident, UnixMs at) {
              return announcements(incident, setup_.routes, setup_.services, at);
            },
        .record_of = [this](const std::string& id) { return commands_->record(id); }});
    flow_->register_with(*engine_);
    services_ = std::make_unique<ServiceMap>(setup_.services);
    const auto deploys = ledger_->deploys();
    for (const auto& deploy : *deploys) services_->deployed(deploy);
    findings_ = std::make_unique<Findings>(PipelineWorld{.store = *store_,
                                                         .journal = *journal_,
                                                         .orchestrator = *orchestrator_,
                                                         .commands = *commands_,
                                                         .knowledge = **knowledge,
                                                         .services = *services_,
                                                         .open = *open_,
                                                         .storm = *storm_,
                                                         .clock = clock,
                                                         .ids = ids_,
                                                         .policy = [this] { return policy(); },
                                                         .event_gap = [] { return Millis(250); }});
    ASSERT_TRUE(findings_->restore());
    const auto recovered = engine_->recover();
    ASSERT_TRUE(recovered) << recovered.error().message;
  }

  void shut() {
    findings_.reset();
    engine_->drain(kLongest);
    commands_.reset();
    orchestrator_.reset();
    engine_.reset();
    flow_.reset();
  }

  std::string wait_for(const std::function<void(DurableDone)>& ask) {
    std::promise<std::string> answer;
    ask([&](Result<void> done) {
      answer.set_value(
          done ? "" : fmt::format("{}: {}", errc_name(done.error().code), done.error().message));
    });
    std::string out = answer.get_future().get();
    settle();
    return out;
  }

  UnixMs next_due() {
    UnixMs out = 0;
    const auto heads = store_->unfinished("", 1000);
    for (const auto& head : *heads)
      if (head.due > now() && (out == 0 || head.due < out)) out = head.due;
    return out;
  }

  // What waits to be told is told at once.
  void deliver() {
    WriteBatch batch;
    const auto rows = store_->outbox(1000);
    for (const auto& row : *rows) {
      notices.push_back({now(), row});
      batch.add(AckOutbox{row.id});
    }
    if (!batch.ops.empty()) commit_and_wait(*store_, std::move(batch));
  }

  GitRoom& room_;
  Setup setup_;
  FakeIds ids_;
  std::atomic<std::shared_ptr<const IncidentOptions>> options_;
  std::unique_ptr<MemoryStore> store_;
  std::unique_ptr<OpenIncidents> open_;
  std::unique_ptr<StormWatch> storm_;
  std::unique_ptr<PublishingJournal> journal_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<GitMirrors> mirrors_;
  std::unique_ptr<Workbench> workbench_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Orchestrator> orchestrator_;
  std::unique_ptr<IncidentCommands> commands_;
  std::unique_ptr<IncidentFlow> flow_;
  std::unique_ptr<ServiceMap> services_;
  std::unique_ptr<Findings> findings_;
};

}  // namespace healer::testing
