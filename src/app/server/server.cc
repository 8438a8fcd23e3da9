#include "app/server/server.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "app/demo/demo.h"
#include "app/notify/announce.h"
#include "app/notify/notify_sink.h"
#include "app/pipeline/pipeline.h"
#include "app/pipeline/publishing_journal.h"
#include "app/server/brain.h"
#include "app/server/minds.h"
#include "app/server/version.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engine/outbox.h"
#include "incident/flow.h"
#include "ports/forge/local_forge.h"
#include "ports/http/client.h"
#include "ports/orchestrator/embedded.h"
#include "serve/api/api.h"
#include "stages/ingest/ingest.h"
#include "types/json.h"

extern char** environ;

namespace healer {
namespace {

constexpr int kApiWorkers = 3;
constexpr const char* kMeta = "meta";

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> out;
  for (char** item = environ; *item != nullptr; ++item) {
    const std::string_view pair = *item;
    if (const auto equals = pair.find('='); equals != std::string_view::npos)
      out.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return out;
}

// The demo's own pace: durations and counts, nothing else.
constexpr std::pair<const char*, const char*> kDemoPace[] = {
    {"policy.verify_min", "2s"},   {"policy.open_prs_per_repository_max", "10"},
    {"policy.cooldown", "1s"},     {"policy.setting_rest", "1ms"},
    {"policy.deploy_wait", "60s"}, {"ingest.event_gap", "50ms"},
    {"forge.poll", "1s"}};

Result<void> set(Settings& settings, const std::string& name, const std::string& text) {
  for (const auto& row : setting_rows())
    if (row.name == name) return row.set(settings, {text});
  return fail(Errc::invalid_input, fmt::format("there is no setting {}", name));
}

std::string read_text(const std::string& path, bool& found) {
  std::ifstream in(path, std::ios::binary);
  found = in.good();
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

WorkbenchOptions workbench_options(const Settings& settings,
                                   std::map<std::string, std::string> deploy_env) {
  return {.check = settings.check, .deploy_env = std::move(deploy_env)};
}

// Connections alone may be more than what a shell allows by default.
void raise_file_limit() {
  constexpr rlim_t kFilesWanted = limits::kHttpConnectionsMax + limits::kTailFilesMax + 1024;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kFilesWanted) return;
  files.rlim_cur = std::min(kFilesWanted, files.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < kFilesWanted)
    log_event(
        LogLevel::warn, "few_open_files",
        {{"limit", std::to_string(files.rlim_cur)}, {"wanted", std::to_string(kFilesWanted)}});
}

// What a large body took goes back when it is answered; by default the allocator keeps blocks of up
// to 32 MiB once it has seen one, in as many arenas as there are threads.
void give_memory_back() {
  mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
  mallopt(M_ARENA_MAX, 4);
}

}  // namespace

std::string demo_folder(const Settings& settings) {
  return std::filesystem::absolute(std::filesystem::path(settings.data) / "demo").string();
}

Result<Settings> load_settings(const ServeOptions& options) {
  const std::string name = options.config_file.empty() ? "healer.yaml" : options.config_file;
  bool found = false;
  const std::string yaml = read_text(name, found);
  if (!found && !options.config_file.empty())
    return fail(Errc::not_found, fmt::format("{}: there is no such file", name));
  auto env = environment();
  Settings settings = TRY(read_settings(found ? yaml : "", name, env));
  for (const auto& [setting, text] : options.overrides)
    if (auto done = set(settings, setting, text); !done)
      return fail(Errc::invalid_input, fmt::format("{}: {}", setting, done.error().message));
  if (!options.demo) return settings;
  SystemExecutor executor;
  SystemClock clock;
  const Demo demo(demo_folder(settings), executor, clock);
  const Settings shop =
      TRY(read_settings("services:\n" + demo.service_config(), "the demo's services", {}));
  for (const auto& service : shop.services) settings.services.push_back(service);
  for (const auto& [setting, text] : kDemoPace) {
    std::string variable = "HEALER_" + std::string(setting);
    for (char& c : variable)
      c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (!env.contains(variable)) TRY(set(settings, setting, text));
  }
  return settings;
}

class Server::Impl {
 public:
  Impl(ServeOptions options, Settings settings)
      : options_(std::move(options)), settings_(std::make_shared<const Settings>(settings)) {}
  ~Impl() { stop(); }

  Result<void> start();
  Result<void> reload();
  void stop();
  std::string address() const { return http_->address(); }
  Settings settings() const { return *started_with(); }

 private:
  std::shared_ptr<const Settings> started_with() const { return settings_.load(); }
  std::shared_ptr<const IncidentOptions> incident_options() const { return incident_.load(); }
  void publish_options();
  Result<void> open_store();
  Result<void> start_minds();
  Result<void> start_engine();
  Result<void> start_signals();
  Result<void> start_tail();
  Result<void> start_http();
  Result<void> start_demo();
  Result<void> write_address();
  std::shared_ptr<ApiWorld> api_world();
  void incident_changed(const IncidentRow& row);

  const ServeOptions options_;
  std::atomic<std::shared_ptr<const Settings>> settings_;
  std::atomic<std::shared_ptr<const IncidentOptions>> incident_;
  SystemClock clock_;
  SystemIds ids_{clock_};
  std::stop_source stopping_;
  SystemExecutor executor_{stopping_.get_token()};
  CurlClient client_{stopping_.get_token()};
  std::unique_ptr<Demo> demo_;
  std::unique_ptr<EventHub> hub_;
  std::unique_ptr<Store> store_;
  OpenIncidents open_;
  std::unique_ptr<PublishingJournal> journal_;
  std::unique_ptr<Ledger> ledger_;
  StormWatch storm_;
  LocalForge forge_;
  std::unique_ptr<GitMirrors> mirrors_;
  std::unique_ptr<Workbench> workbench_;
  Minds minds_;
  std::unique_ptr<Consultant> consultant_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<AgentBench> agent_bench_;
  std::unique_ptr<Knowledge> knowledge_;
  std::unique_ptr<ServiceMap> services_;
  std::unique_ptr<IncidentFlow> flow_;
  std::unique_ptr<NotifySink> notify_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Orchestrator> orchestrator_;
  std::unique_ptr<IncidentCommands> commands_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<Tail> tail_;
  std::thread tail_thread_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<HttpServer> http_;
  bool stopped_ = false;
};

void Server::Impl::publish_options() {
  const auto settings = settings_.load();
  incident_.store(std::make_shared<const IncidentOptions>(
      IncidentOptions{settings->policy, settings->services, settings->poll_pulls}));
}

void Server::Impl::incident_changed(const IncidentRow& row) {
  open_.update(row);
  hub_->publish("incident", row.body_json);
  if (!demo_) return;
  if (const auto incident = from_json<Incident>(row.body_json)) demo_->incident_changed(*incident);
}

Result<void> Server::Impl::open_store() {
  const auto settings = started_with();
  StoreOptions options;
  options.folder = settings->data;
  store_ = TRY(open_sqlite_store(options, clock_));
  hub_ = std::make_unique<EventHub>(ids_.uuid7().substr(24));  // random
  if (options_.demo) demo_ = std::make_unique<Demo>(demo_folder(*settings), executor_, clock_);
  journal_ = std::make_unique<PublishingJournal>(
      *store_, [this](const IncidentRow& row) { incident_changed(row); });
  ledger_ = std::make_unique<Ledger>(*store_, *store_);
  return {};
}

// The models and the agent, where the settings name them.
Result<void> Server::Impl::start_minds() {
  const auto settings = started_with();
  minds_ = TRY(make_minds(*settings, client_));
  if (!minds_.minds.empty())
    consultant_ = std::make_unique<Consultant>(minds_.minds, *store_, *store_,
                                               [this] { return settings_.load()->consultant; });
  agent_ = TRY(make_agent(*settings, executor_));
  if (agent_) agent_bench_ = std::make_unique<AgentBench>(*mirrors_, *agent_, settings->agent);
  return {};
}

Result<void> Server::Impl::start_engine() {
  const auto settings = started_with();
  const std::string mirrors =
      std::filesystem::absolute(std::filesystem::path(settings->data) / "mirrors").string();
  mirrors_ = std::make_unique<GitMirrors>(mirrors, executor_);
  auto playbooks = TRY(load_playbooks());
  workbench_ = std::make_unique<Workbench>(
      *mirrors_, forge_, executor_, std::move(playbooks),
      workbench_options(*settings,
                        demo_ ? demo_->deploy_env() : std::map<std::string, std::string>{}));
  notify_ = std::make_unique<NotifySink>(*store_, client_, [this] { return started_with(); });
  TRY(start_minds());
  outbox_ = std::make_unique<Outbox>(*journal_, clock_, ids_);
  outbox_->add_sink(kNotifySink, [this](const OutboxRow& row) { return notify_->notify(row); });
  outbox_->add_sink(kDigestSink, [this](const OutboxRow& row) { return notify_->digest(row); });
  engine_ = std::make_unique<Engine>(*journal_, clock_, ids_,
                                     EngineOptions{.step_threads = settings->step_threads,
                                                   .lease = "engine",
                                                   .owner = fmt::format("pid {}", getpid()),
                                                   .outbox_written = [this] { outbox_->wake(); }});
  switch (settings->orchestrator) {
    case OrchestratorKind::embedded:
      orchestrator_ =
          std::make_unique<EmbeddedOrchestrator>(*engine_, *journal_, IncidentFlow::kKind);
  }
  commands_ =
      std::make_unique<IncidentCommands>(*orchestrator_, *journal_, *store_, *store_, clock_);
  flow_ = std::make_unique<IncidentFlow>(IncidentWorld{
      .clock = clock_,
      .incidents = *store_,
      .counts = *store_,
      .ledger = *ledger_,
      .storm = storm_,
      .workbench = *workbench_,
      .consultant = consultant_.get(),
      .agent = agent_bench_.get(),
      .options = [this] { return incident_options(); },
      .announce =
          [this](const Incident& incident, UnixMs now) {
            const auto now_settings = settings_.load();
            return announcements(incident, now_settings->notify, now_settings->services, now);
          },
      .record_of = [this](const std::string& id) { return commands_->record(id); }});
  flow_->register_with(*engine_);
  return {};
}

Result<void> Server::Impl::start_signals() {
  knowledge_ = TRY(load_knowledge());
  services_ = std::make_unique<ServiceMap>(started_with()->services);
  for (const auto& deploy : TRY(ledger_->deploys())) services_->deployed(deploy);
  pipeline_ = std::make_unique<Pipeline>(
      PipelineWorld{.store = *store_,
                    .journal = *journal_,
                    .orchestrator = *orchestrator_,
                    .commands = *commands_,
                    .knowledge = *knowledge_,
                    .services = *services_,
                    .open = open_,
                    .storm = storm_,
                    .clock = clock_,
                    .ids = ids_,
                    .policy = [this] { return settings_.load()->policy; },
                    .event_gap = [this] { return settings_.load()->event_gap; }});
  TRY(pipeline_->start());
  TRY(engine_->recover());
  outbox_->start();
  return {};
}

Result<void> Server::Impl::start_tail() {
  TailOptions options{.own = {STDOUT_FILENO, STDERR_FILENO}};
  const auto settings = started_with();
  for (const auto& service : settings->services)
    for (const auto& glob : service.logs) options.globs.push_back(glob);
  if (options.globs.empty()) return {};
  const auto first = TRY(store_->value(kMeta, "first_start"));
  if (first) {
    options.first_start = std::atoll(first->c_str());
  } else {
    options.first_start = clock_.wall_ms();
    WriteBatch batch;
    batch.add(PutValue{{kMeta, "first_start", std::to_string(options.first_start)}});
    if (const auto done = commit_and_wait(*journal_, std::move(batch)); !done.ok())
      return std::unexpected(to_error(done));
  }
  std::vector<Checkpoint> saved;
  for (const auto& row : TRY(store_->checkpoints())) {
    auto checkpoint = Checkpoint::from_bytes(row.bytes);
    if (checkpoint) saved.push_back(std::move(*checkpoint));
  }
  tail_ = std::make_unique<Tail>(
      std::move(options), std::move(saved), clock_,
      [this](RawPayload payload, Checkpoint after) {
        return pipeline_->tail(std::move(payload), std::move(after));
      },
      [this](std::string_view key) { pipeline_->tail_ended(key); });
  tail_->poll_once();  // where old files end is known before anybody hears that we are ready
  tail_thread_ = std::thread([this] { tail_->run(); });
  return {};
}

std::shared_ptr<ApiWorld> Server::Impl::api_world() {
  const auto accepted = [](AcceptedDone done) {
    return [done = std::move(done)](Result<Receipt> receipt) mutable {
      if (!receipt) return done(std::unexpected(receipt.error()));
      done(Accepted{.records = receipt->records,
                    .incident = receipt->incident,
                    .is_new = receipt->is_new,
                    .replayed = receipt->replayed});
    };
  };
  auto world = std::make_shared<ApiWorld>(ApiWorld{
      .store = *store_,
      .journal = *journal_,
      .commands = *commands_,
      .hub = *hub_,
      .workers = *workers_,
      .clock = clock_,
      .ids = ids_,
      .version = kVersion,
      .submit =
          [this, accepted](RawPayload payload, bool always, IdempotencyKey once,
                           AcceptedDone done) {
            pipeline_->submit(std::move(payload), always, std::move(once),
                              accepted(std::move(done)));
          },
      .submit_alerts =
          [this, accepted](std::vector<Alert> alerts, IdempotencyKey once, AcceptedDone done) {
            pipeline_->submit(std::move(alerts), std::move(once), accepted(std::move(done)));
          },
      .deployed = [this](const Deploy& deploy) { services_->deployed(deploy); },
      .analyze =
          [this](const std::string& log) {
            return analysis_line(analyze_log(*knowledge_, log), "");
          },
      .normalize =
          [this](const RawPayload& payload) {
            StreamState state;
            return records_json(ingest(state, payload, clock_.wall_ms()));
          },
      .inject = {},
      .scenarios = {},
      .ready = [this]() -> Result<void> {
        if (engine_->stats().fenced)
          return fail(Errc::fenced, "another healer took over this data folder");
        return {};
      }});
  if (demo_) {
    world->inject = [this](const std::string& scenario) { return demo_->inject(scenario); };
    world->scenarios = [this] { return demo_->list(); };
  }
  return world;
}

Result<void> Server::Impl::start_http() {
  const auto settings = started_with();
  workers_ = std::make_unique<Workers>(kApiWorkers);
  ServerOptions options;
  options.listen = settings->listen;
  options.token_admin = settings->token_admin;
  options.token_read = settings->token_read;
  options.hosts = settings->hosts;
  http_ = TRY(HttpServer::start(std::move(options), api_routes(api_world())));
  return {};
}

// Other commands find the server by it: written last, once all of it works.
Result<void> Server::Impl::write_address() {
  const auto settings = started_with();
  std::ofstream out(std::filesystem::path(settings->data) / "address", std::ios::trunc);
  out << http_->address() << "\n";
  if (!out.flush())
    return fail(Errc::io, fmt::format("{}/address cannot be written", settings->data));
  return {};
}

Result<void> Server::Impl::start_demo() {
  if (!demo_) return {};
  return demo_->start("http://" + http_->address(), started_with()->token_admin);
}

Result<void> Server::Impl::start() {
  publish_options();
  TRY(open_store());
  TRY(start_engine());
  TRY(start_signals());
  TRY(start_tail());
  TRY(start_http());
  TRY(start_demo());
  return write_address();
}

Result<void> Server::Impl::reload() {
  const Settings fresh = TRY(load_settings(options_));
  const auto old = settings_.load();
  Settings next = fresh;
  for (const auto& row : setting_rows()) {
    if (row.reload == Reload::live || row.get(fresh) == row.get(*old)) continue;
    log_event(LogLevel::warn, "setting_needs_restart", {{"setting", row.name}});
    row.copy(next, *old);
  }
  log_setup(next.log_level, next.log_json);
  settings_.store(std::make_shared<const Settings>(std::move(next)));
  publish_options();
  log_event(LogLevel::info, "reloaded");
  return {};
}

void Server::Impl::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (hub_) hub_->close();
  if (tail_) tail_->stop();
  if (tail_thread_.joinable()) tail_thread_.join();
  if (http_) {
    std::error_code ignored;
    std::filesystem::remove(std::filesystem::path(settings().data) / "address", ignored);
    http_->stop();
  }
  if (workers_) workers_->stop();
  if (pipeline_) pipeline_->stop();
  // What runs ends within half of the time; then its processes are ended, and it resumes at start.
  if (engine_ && !engine_->drain(limits::kShutdownMax / 2)) stopping_.request_stop();
  // Commits in flight hold answers of the server, which goes before the store does.
  if (journal_) commit_and_wait(*journal_, {});
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
std::string Server::address() const { return impl_->address(); }
Settings Server::settings() const { return impl_->settings(); }
Result<void> Server::reload() { return impl_->reload(); }
void Server::stop() { impl_->stop(); }

Result<std::unique_ptr<Server>> Server::start(const ServeOptions& options) {
  Settings settings = TRY(load_settings(options));
  log_setup(settings.log_level, settings.log_json);
  raise_file_limit();
  give_memory_back();
  auto impl = std::make_unique<Impl>(options, std::move(settings));
  TRY(impl->start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

}  // namespace healer
