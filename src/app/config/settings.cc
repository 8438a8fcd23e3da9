#include "app/config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <type_traits>

#include "types/json.h"

namespace healer {
namespace {

Result<void> expected(std::string_view what, std::string_view got) {
  return fail(Errc::invalid_input, fmt::format("expected {}, found \"{}\"", what, got));
}

template <class T>
Result<void> read_value(T& out, const std::vector<std::string>& in) {
  if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    out = in;
    return {};
  } else if constexpr (std::is_same_v<T, std::vector<NameKind>>) {
    out.clear();
    for (const auto& word : in) TRY(read_value(out.emplace_back(), {word}));
    return {};
  } else {
    if (in.size() != 1) return expected("one value", fmt::format("{} values", in.size()));
    const std::string& text = in.front();
    if constexpr (std::is_same_v<T, std::string>) {
      out = text;
    } else if constexpr (std::is_same_v<T, bool>) {
      if (text != "true" && text != "false") return expected("true or false", text);
      out = text == "true";
    } else if constexpr (std::is_same_v<T, Millis>) {
      const auto duration = parse_duration(text);
      if (!duration) return expected("a duration such as 30s or 1h30m", text);
      out = *duration;
    } else if constexpr (std::is_enum_v<T>) {
      const auto word = parse_enum<T>(text);
      if (!word)
        return expected(fmt::format("one of {}", fmt::join(NamesOf<T>::names, ", ")), text);
      out = *word;
    } else {
      T number{};
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc{} || end != text.data() + text.size())
        return expected("a number", text);
      if (number < T{}) return expected("a number that is not negative", text);
      out = number;
    }
    return {};
  }
}

// The text as YAML reads it back: in quotes where it is no plain word.
std::string yaml_word(const std::string& text) {
  const bool plain = !text.empty() && text != "null" && !text.ends_with(':') &&
                     std::ranges::all_of(text, [](char c) {
                       return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                              std::string_view("_./:-").contains(c);
                     });
  return plain ? text : json_quote(text);
}

template <class T>
std::string print_value(const T& value) {
  if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    std::string out;
    for (const auto& item : value) out += (out.empty() ? "" : ", ") + yaml_word(item);
    return "[" + out + "]";
  } else if constexpr (std::is_same_v<T, std::vector<NameKind>>) {
    std::string out;
    for (const auto kind : value) out += (out.empty() ? "" : ", ") + std::string(to_string(kind));
    return "[" + out + "]";
  } else if constexpr (std::is_same_v<T, std::string>)
    return yaml_word(value);
  else if constexpr (std::is_same_v<T, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_same_v<T, Millis>)
    return format_duration(value);
  else if constexpr (std::is_enum_v<T>)
    return std::string(to_string(value));
  else
    return fmt::format("{}", value);
}

// `at` names the member: [](auto& settings) -> auto& { return settings.policy.cooldown; }
template <class At>
SettingRow row(std::string name, Reload reload, std::string doc, At at) {
  return {std::move(name),
          std::move(doc),
          reload,
          [at](Settings& settings, const std::vector<std::string>& in) {
            return read_value(at(settings), in);
          },
          [at](const Settings& settings) { return print_value(at(settings)); },
          [at](Settings& to, const Settings& from) { at(to) = at(from); }};
}

#define AT(member) [](auto& s) -> auto& { return s.member; }

std::vector<SettingRow> server_rows() {
  using enum Reload;
  return {
      row("listen", restart, "HOST:PORT of the one HTTP listener; beyond loopback it needs tokens",
          AT(listen)),
      row("data", restart, "folder of the store, mirrors and proofs", AT(data)),
      row("log.level", live, "debug, info, warn or error", AT(log_level)),
      row("log.json", live, "healer's own log as JSON lines", AT(log_json)),
      row("tokens.admin", restart, "bearer token that may do everything", AT(token_admin)),
      row("tokens.read", restart, "bearer token that may only read", AT(token_read)),
      row("hosts", restart, "further Host names that clients may use", AT(hosts)),
      row("public_url", live, "where people reach it, for links in notifications; empty: listen",
          AT(public_url)),
      row("threads.steps", restart, "threads for git, checks and other blocking steps",
          AT(step_threads)),
      row("ingest.event_gap", live, "lines of one event may be this far apart", AT(event_gap)),
      row("forge.poll", live, "how often an open pull request is looked at", AT(poll_pulls)),
      row("check.time_max", restart, "a check that runs longer is killed", AT(check.time_max)),
      row("check.memory_mib", restart, "memory limit of a check", AT(check.memory_mib)),
      row("check.disk_mib", restart, "size of the file system that a check sees",
          AT(check.disk_mib)),
      row("check.processes_max", restart, "process limit of a check", AT(check.processes_max)),
      row("check.concurrent_max", restart, "checks that run at once", AT(check.concurrent_max)),
      row("orchestrator", restart, "who drives the steps of incidents: embedded", AT(orchestrator)),
  };
}

std::vector<SettingRow> llm_rows() {
  using enum Reload;
  return {
      row("llm.url", restart, "endpoint of the model that is asked first; empty: those of models",
          AT(llm_url)),
      row("llm.model", restart, "model name sent to it", AT(llm_model)),
      row("llm.key", restart, "its API key", AT(llm_key)),
      row("llm.api", restart, "what it speaks: openai or anthropic", AT(llm_api)),
      row("llm.schema", restart,
          "how an openai one is asked for JSON: json_schema, json_object (llama-cpp-python), none",
          AT(llm_schema)),
      row("llm.timeout", restart, "an answer that takes longer is not waited for", AT(llm_timeout)),
      row("llm.calls_per_hour_max", live, "calls of all models; then the embedded analysis stands",
          AT(consultant.calls_per_hour_max)),
      row("llm.hide", live,
          "names that a model sees an alias of, mapped back in its answer: host, address, path, "
          "user",
          AT(consultant.hidden)),
      row("llm.retries_max", live, "of a call that failed and may pass",
          AT(consultant.retries_max)),
      row("llm.breaker_failures", live, "this many failures in a row rest a model",
          AT(consultant.breaker.failures_max)),
      row("llm.breaker_rest", live, "for this long at first", AT(consultant.breaker.rest)),
      row("llm.tokens_per_incident_max", live, "tokens of prompts and answers for one incident",
          AT(consultant.budget.tokens_per_incident_max)),
      row("llm.tokens_per_repository_day_max", live, "for a repository on one day (UTC)",
          AT(consultant.budget.tokens_per_repository_day_max)),
      row("llm.tokens_per_day_max", live, "in all; then the embedded brain works alone",
          AT(consultant.budget.tokens_per_day_max)),
      row("llm.usd_per_incident_max", live, "dollars, by the prices of models, for one incident",
          AT(consultant.budget.usd_per_incident_max)),
      row("llm.usd_per_repository_day_max", live, "for a repository on one day (UTC)",
          AT(consultant.budget.usd_per_repository_day_max)),
      row("llm.usd_per_day_max", live, "in all; then only models without a price are asked",
          AT(consultant.budget.usd_per_day_max)),
  };
}

std::vector<SettingRow> agent_rows() {
  using enum Reload;
  return {
      row("agent.argv", restart,
          "coding agent for failures that no playbook fits: program and arguments, with "
          "{prompt_file} and {worktree}; empty: none",
          AT(agent_argv)),
      row("agent.read_only", restart, "paths that it may read beside the system's: its own",
          AT(agent_read_only)),
      row("agent.time_max", restart, "an agent that works longer is killed",
          AT(agent.limits.time_max)),
      row("agent.memory_mib", restart, "memory limit of an agent", AT(agent.limits.memory_mib)),
      row("agent.disk_mib", restart, "size limit of its worktree", AT(agent.limits.disk_mib)),
      row("agent.processes_max", restart, "process limit of an agent",
          AT(agent.limits.processes_max)),
      row("agent.concurrent_max", restart, "agents that work at once", AT(agent.concurrent_max)),
  };
}

std::vector<SettingRow> policy_rows() {
  using enum Reload;
  return {
      row("policy.autonomy", live,
          "ceiling on the local forge: observe, suggest, pull_request or auto_merge",
          AT(policy.autonomy)),
      row("policy.autonomy_remote", live, "ceiling on hosted forges", AT(policy.autonomy_remote)),
      row("policy.kill_switch", live, "true stops every fix", AT(policy.kill_switch)),
      row("policy.persist_count", live, "a fix starts only if the failure was seen this often",
          AT(policy.persist_count)),
      row("policy.persist_window", live, "within this window", AT(policy.persist_window)),
      row("policy.open_prs_per_repository_max", live, "open healer pull requests a repository",
          AT(policy.open_prs_per_repository_max)),
      row("policy.open_prs_max", live, "open healer pull requests in all", AT(policy.open_prs_max)),
      row("policy.attempts_max", live, "attempts per incident", AT(policy.attempts_max)),
      row("policy.cooldown", live, "rest per fingerprint and deployed commit after a fix ended",
          AT(policy.cooldown)),
      row("policy.breaker_failures", live, "this many failed fixes of a repository stop its fixes",
          AT(policy.breaker_failures)),
      row("policy.breaker_window", live, "within this window", AT(policy.breaker_window)),
      row("policy.storm_services", live, "this many failing services stop all fixes",
          AT(policy.storm_services)),
      row("policy.storm_window", live, "within this window", AT(policy.storm_window)),
      row("policy.setting_rest", live,
          "a setting that healer changed is not changed again for this long",
          AT(policy.setting_rest)),
      row("policy.record_age_max", live, "older records are counted but start nothing",
          AT(policy.record_age_max)),
      row("policy.approval_expires", live, "an unanswered approval moves on after this",
          AT(policy.approval_expires)),
      row("policy.confidence_min", live, "under it a finding is uncertain and is never fixed alone",
          AT(policy.confidence_min)),
      row("policy.deploy_wait", live, "no deploy event in this time after a merge: unknown",
          AT(policy.deploy_wait)),
      row("policy.verify_min", live, "watch at least this long after a deploy",
          AT(policy.verify_min)),
      row("policy.verify_gaps", live, "and this many of the symptom's former mean gaps",
          AT(policy.verify_gaps)),
      row("policy.revert_on_recurrence", live, "revert the fix when the symptom comes back",
          AT(policy.revert_on_recurrence)),
  };
}

#undef AT

}  // namespace

const std::vector<SettingRow>& setting_rows() {
  static const std::vector<SettingRow> rows = [] {
    auto all = server_rows();
    for (auto& llm : llm_rows()) all.push_back(std::move(llm));
    for (auto& agent : agent_rows()) all.push_back(std::move(agent));
    for (auto& policy : policy_rows()) all.push_back(std::move(policy));
    return all;
  }();
  return rows;
}

std::vector<ModelSettings> models_of(const Settings& settings) {
  std::vector<ModelSettings> out;
  if (!settings.llm_url.empty())
    out.push_back({.name = "llm",
                   .server = {.url = settings.llm_url,
                              .model = settings.llm_model,
                              .key = settings.llm_key,
                              .api = settings.llm_api,
                              .schema = settings.llm_schema,
                              .timeout = settings.llm_timeout}});
  out.insert(out.end(), settings.models.begin(), settings.models.end());
  for (auto& model : out)
    while (model.server.url.ends_with('/')) model.server.url.pop_back();
  return out;
}

std::string print_settings(const Settings& settings) {
  std::string out, section;
  for (const auto& setting : setting_rows()) {
    const auto dot = setting.name.find('.');
    const std::string group = dot == std::string::npos ? "" : setting.name.substr(0, dot);
    if (group != section && !group.empty()) out += group + ":\n";
    section = group;
    const bool secret = setting.name.starts_with("tokens.") || setting.name == "llm.key";
    std::string value = setting.get(settings);
    if (secret && value != "\"\"") value = "\"[secret]\"";
    const std::string key =
        dot == std::string::npos ? setting.name : "  " + setting.name.substr(dot + 1);
    out += fmt::format("{:<44} # {} ({})\n", key + ": " + value, setting.doc,
                       setting.reload == Reload::live ? "live" : "restart");
  }
  return out;
}

}  // namespace healer
