#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "incident/agent_bench.h"
#include "incident/consultant.h"
#include "incident/prover.h"
#include "types/policy.h"
#include "types/service.h"

namespace healer {

template <>
struct NamesOf<LogLevel> {
  static constexpr std::array<std::string_view, 4> names{"debug", "info", "warn", "error"};
};

// Where a notification goes: healer.yaml `notify:`. Empty lists match everything.
struct NotifyRoute {
  std::string name;
  std::string kind;            // slack, webhook or console
  std::string url;             // webhook, or Slack's incoming webhook …
  std::string token, channel;  // … or a Slack bot, whose one message an incident is updated
  std::string secret;          // webhook: signs the body
  std::vector<std::string> owners, severities, statuses;
  bool pages = false;               // wakes somebody: only what cannot wait
  Millis digest_every{86'400'000};  // low ones come together this often
};

// A language model: healer.yaml `models:`.
struct ModelSettings {
  std::string name;  // in timelines and metrics
  LlmOptions server;
  double usd_per_million_input = 0, usd_per_million_output = 0;
};

// Who drives the steps of incidents.
enum class OrchestratorKind { embedded };
template <>
struct NamesOf<OrchestratorKind> {
  static constexpr std::array<std::string_view, 1> names{"embedded"};
};

// All of healer.yaml. Read once into an immutable snapshot; SIGHUP swaps the `live` ones.
struct Settings {
  std::string listen = "127.0.0.1:3000";
  std::string data = ".healer";
  LogLevel log_level = LogLevel::info;
  bool log_json = false;
  std::string token_admin, token_read;
  std::vector<std::string> hosts;  // further Host names that may reach it
  std::string public_url;          // what links in notifications begin with
  int step_threads = 4;
  Millis event_gap{250};      // lines of one event may be this far apart
  Millis poll_pulls{10'000};  // how often an open pull request is looked at
  CheckLimits check;
  std::string llm_url, llm_model, llm_key;  // the short form of one model, asked first
  LlmApi llm_api = LlmApi::openai;
  SchemaDialect llm_schema = SchemaDialect::json_schema;
  Millis llm_timeout{20'000};
  ConsultantOptions consultant;
  std::vector<ModelSettings> models;  // asked in this order, each where those before could not say
  std::vector<std::string> agent_argv, agent_read_only;
  AgentBenchOptions agent;
  OrchestratorKind orchestrator = OrchestratorKind::embedded;
  Policy policy;
  std::vector<Service> services;
  std::vector<NotifyRoute> notify;
};

enum class Reload { live, restart };

// One scalar or list setting: `policy.persist_count` in healer.yaml, HEALER_POLICY_PERSIST_COUNT in
// the environment. This table is the only declaration: reader, unknown-key errors, `healer config
// print` and docs/settings.md all come from it.
struct SettingRow {
  std::string name;
  std::string doc;
  Reload reload;
  std::function<Result<void>(Settings&, const std::vector<std::string>&)> set;
  std::function<std::string(const Settings&)> get;  // for people, and to compare
  std::function<void(Settings& to, const Settings& from)> copy;
};
const std::vector<SettingRow>& setting_rows();

// Every model that may be asked, in order: that of the llm settings, then the list.
std::vector<ModelSettings> models_of(const Settings& settings);

// Reads YAML over the defaults, then the environment (names as above) over that.
Result<Settings> read_settings(std::string_view yaml, std::string_view name,
                               const std::map<std::string, std::string>& environment);

// The settings as YAML with a comment each; secrets masked. Reads back to the same settings
// otherwise.
std::string print_settings(const Settings& settings);

}  // namespace healer
