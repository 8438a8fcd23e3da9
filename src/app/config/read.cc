#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include "app/config/settings.h"
#include "types/incident.h"
#include "types/yaml.h"

namespace healer {
namespace {

std::string environment_name(std::string_view setting) {
  std::string out = "HEALER_";
  for (const char c : setting)
    out += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::string> values_of(const YamlNode& node) {
  std::vector<std::string> out;
  if (node.kind == YamlNode::Kind::scalar) out.push_back(node.scalar);
  for (const auto& item : node.items) out.push_back(item.scalar);
  return out;
}

Result<RepositoryRef> read_repository(const YamlNode& node, std::string_view name) {
  if (node.kind == YamlNode::Kind::scalar) return RepositoryRef{.url = node.scalar};
  TRY(check_keys(node, {"url", "branch", "path", "role", "trust_deploy", "values"}, name));
  RepositoryRef out{
      .url = node.text("url"), .branch = node.text("branch"), .path = node.text("path")};
  if (out.url.empty())
    return fail(Errc::invalid_input,
                fmt::format("{}:{}: a repository needs a url", name, node.line));
  const std::string role = node.text("role", "code");
  const auto parsed = parse_enum<RepositoryRole>(role);
  if (!parsed)
    return fail(Errc::invalid_input, fmt::format("{}:{}: role \"{}\" is not code, config or chart",
                                                 name, node.line, role));
  out.role = *parsed;
  out.trust_deploy = node.text("trust_deploy", "false") == "true";
  return out;
}

Result<Service> read_service(const YamlNode& node, std::string_view name) {
  TRY(check_keys(
      node, {"name", "environment", "owner", "contacts", "match", "logs", "repositories"}, name));
  Service out{.name = node.text("name"),
              .environment = node.text("environment", "production"),
              .owner = node.text("owner"),
              .contacts = node.texts("contacts"),
              .match = node.texts("match"),
              .logs = node.texts("logs"),
              .repositories = {}};
  if (out.name.empty())
    return fail(Errc::invalid_input, fmt::format("{}:{}: a service needs a name", name, node.line));
  if (const YamlNode* repositories = node.find("repositories"))
    for (const auto& item : repositories->items)
      out.repositories.push_back(TRY(read_repository(item, name)));
  return out;
}

Result<NotifyRoute> read_route(const YamlNode& node, std::string_view name) {
  TRY(check_keys(node,
                 {"name", "kind", "url", "token", "channel", "secret", "owners", "severities",
                  "statuses", "pages", "digest_every"},
                 name));
  NotifyRoute out{.name = node.text("name"),
                  .kind = node.text("kind", "webhook"),
                  .url = node.text("url"),
                  .token = node.text("token"),
                  .channel = node.text("channel"),
                  .secret = node.text("secret"),
                  .owners = node.texts("owners"),
                  .severities = node.texts("severities"),
                  .statuses = node.texts("statuses"),
                  .pages = node.text("pages", "false") == "true"};
  const auto wrong = [&](std::string_view what) {
    return fail(Errc::invalid_input, fmt::format("{}:{}: {}", name, node.line, what));
  };
  if (const auto every = parse_duration(node.text("digest_every", "24h")))
    out.digest_every = *every;
  else
    return wrong("digest_every is a duration such as 24h; 0s: no digest");
  for (const auto& word : out.severities)
    if (!parse_enum<Severity>(word)) return wrong(fmt::format("\"{}\" is no severity", word));
  for (const auto& word : out.statuses)
    if (!parse_enum<IncidentStatus>(word)) return wrong(fmt::format("\"{}\" is no status", word));
  if (out.kind != "slack" && out.kind != "webhook" && out.kind != "console")
    return wrong(fmt::format("kind \"{}\" is not slack, webhook or console", out.kind));
  const bool bot = out.kind == "slack" && !out.token.empty();
  if (bot && out.channel.empty()) return wrong("a slack route with a token needs a channel");
  if (out.url.empty() && out.kind != "console" && !bot)
    return wrong(fmt::format("a {} route needs a url", out.kind));
  if (out.name.empty()) out.name = out.kind;
  return out;
}

Result<double> read_price(const YamlNode& node, std::string_view key, std::string_view name) {
  const std::string text = node.text(key, "0");
  double price = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), price);
  if (error != std::errc{} || end != text.data() + text.size() || !(price >= 0 && price <= 1e6))
    return fail(Errc::invalid_input,
                fmt::format("{}:{}: {} is dollars for a million tokens, not \"{}\"", name,
                            node.line, key, text));
  return price;
}

Result<ModelSettings> read_model(const YamlNode& node, std::string_view name,
                                 const std::map<std::string, std::string>& environment) {
  TRY(check_keys(node,
                 {"name", "api", "url", "model", "key", "key_env", "schema", "timeout",
                  "usd_per_million_input", "usd_per_million_output"},
                 name));
  const auto wrong = [&](std::string_view what) {
    return fail(Errc::invalid_input, fmt::format("{}:{}: {}", name, node.line, what));
  };
  ModelSettings out{.name = node.text("name"),
                    .server = {.url = node.text("url"),
                               .model = node.text("model"),
                               .key = node.text("key"),
                               .timeout = Settings{}.llm_timeout}};
  if (out.server.model.empty()) return wrong("a model needs a model: the name its server knows");
  if (out.name.empty()) out.name = out.server.model;
  const std::string api = node.text("api", "openai"), schema = node.text("schema", "json_schema");
  if (const auto word = parse_enum<LlmApi>(api))
    out.server.api = *word;
  else
    return wrong(fmt::format("api \"{}\" is not openai or anthropic", api));
  if (const auto word = parse_enum<SchemaDialect>(schema))
    out.server.schema = *word;
  else
    return wrong(fmt::format("schema \"{}\" is not json_schema, json_object or none", schema));
  if (out.server.url.empty() && out.server.api == LlmApi::anthropic)
    out.server.url = "https://api.anthropic.com/v1";
  if (out.server.url.empty()) return wrong("a model needs a url");
  if (const std::string variable = node.text("key_env"); !variable.empty()) {
    const auto found = environment.find(variable);
    if (found == environment.end() || found->second.empty())
      return wrong(fmt::format("key_env: the environment has no {}", variable));
    out.server.key = found->second;
  }
  if (const auto timeout = parse_duration(node.text("timeout", "20s")); timeout)
    out.server.timeout = *timeout;
  else
    return wrong("timeout is a duration such as 20s");
  out.usd_per_million_input = TRY(read_price(node, "usd_per_million_input", name));
  out.usd_per_million_output = TRY(read_price(node, "usd_per_million_output", name));
  return out;
}

// Sets every row found under `node`, whose keys are prefixed by `prefix`.
Result<void> read_rows(Settings& out, const YamlNode& node, const std::string& prefix,
                       std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& row : setting_rows()) {
    std::string_view rest = row.name;
    if (!rest.starts_with(prefix)) continue;
    rest.remove_prefix(prefix.size());
    known.push_back(rest.substr(0, rest.find('.')));
  }
  if (prefix.empty()) known.insert(known.end(), {"services", "notify", "models"});
  TRY(check_keys(node, known, name));
  for (const auto& [key, value] : node.members) {
    const std::string full = prefix + key;
    const auto row = std::ranges::find(setting_rows(), full, &SettingRow::name);
    if (row == setting_rows().end()) {
      if (value.kind == YamlNode::Kind::map) TRY(read_rows(out, value, full + ".", name));
      continue;
    }
    if (value.is_null()) continue;
    if (auto set = row->set(out, values_of(value)); !set)
      return fail(Errc::invalid_input,
                  fmt::format("{}:{}: {}: {}", name, value.line, full, set.error().message));
  }
  return {};
}

Result<void> read_environment(Settings& out,
                              const std::map<std::string, std::string>& environment) {
  for (const auto& row : setting_rows()) {
    const auto found = environment.find(environment_name(row.name));
    if (found == environment.end()) continue;
    if (auto set = row.set(out, {found->second}); !set)
      return fail(Errc::invalid_input, fmt::format("{}: {}", found->first, set.error().message));
  }
  return {};
}

}  // namespace

Result<Settings> read_settings(std::string_view yaml, std::string_view name,
                               const std::map<std::string, std::string>& environment) {
  Settings out;
  const YamlNode root = TRY(parse_yaml(yaml, name));
  if (root.kind == YamlNode::Kind::map) {
    TRY(read_rows(out, root, "", name));
    if (const YamlNode* services = root.find("services"))
      for (const auto& item : services->items)
        out.services.push_back(TRY(read_service(item, name)));
    if (const YamlNode* routes = root.find("notify"))
      for (const auto& item : routes->items) out.notify.push_back(TRY(read_route(item, name)));
    if (const YamlNode* models = root.find("models"))
      for (const auto& item : models->items)
        out.models.push_back(TRY(read_model(item, name, environment)));
  } else if (!root.is_null()) {
    return fail(Errc::invalid_input, fmt::format("{}: the file must be a map of settings", name));
  }
  std::set<std::string> names;
  for (const auto& service : out.services)
    if (!names.insert(service.name).second)
      return fail(Errc::invalid_input,
                  fmt::format("{}: service \"{}\" is declared twice", name, service.name));
  TRY(read_environment(out, environment));
  return out;
}

}  // namespace healer
