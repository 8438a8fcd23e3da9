#include "stages/decide/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "types/yaml.h"

namespace healer {
namespace {

constexpr std::string_view kFile = ".healer.yml";
constexpr std::size_t kBytesMax = 64 * 1024;
constexpr std::size_t kEntriesMax = 500;
using Kind = YamlNode::Kind;

std::unexpected<Error> wrong(const YamlNode& at, std::string_view what) {
  return fail(Errc::invalid_input, fmt::format("{}:{}: {}", kFile, std::max(at.line, 1), what));
}

Result<void> want(const YamlNode& node, Kind kind, std::string_view key) {
  if (node.kind == kind) return {};
  return wrong(node, fmt::format("\"{}\" must be a {}", key, kind == Kind::map ? "map" : "list"));
}

// Relative, inside the repository, without ".." and backslashes.
bool stays_inside(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\\') != std::string_view::npos ||
      path.find('\0') != std::string_view::npos)
    return false;
  return !fmt::format("/{}/", path).contains("/../");
}

Result<std::vector<std::string>> words(const YamlNode& node, std::string_view key) {
  TRY(want(node, Kind::list, key));
  std::vector<std::string> out;
  for (const auto& item : node.items) {
    if (item.kind != Kind::scalar)
      return wrong(item.line != 0 ? item : node,
                   fmt::format("\"{}\" must be a list of words", key));
    out.push_back(item.scalar);
  }
  if (out.size() > kEntriesMax)
    return wrong(node, fmt::format("\"{}\" has more than {} entries", key, kEntriesMax));
  return out;
}

// A command is a list of words, never a line for a shell: what runs must be plain to its reader.
Result<std::vector<std::string>> argv(const YamlNode& node, std::string_view key) {
  if (node.kind == Kind::scalar)
    return wrong(node, fmt::format("\"{}\" must be a list of words such as [make, test]", key));
  auto out = TRY(words(node, key));
  if (out.empty() || out.front().empty())
    return wrong(node, fmt::format("\"{}\" must name a program", key));
  return out;
}

Result<std::vector<std::string>> globs(const YamlNode& node, std::string_view key) {
  auto out = TRY(words(node, key));
  for (const auto& glob : out)
    if (!stays_inside(glob))
      return wrong(node, fmt::format("\"{}\" must stay inside the repository: {}", key, glob));
  return out;
}

template <class E>
Result<E> word_of(const YamlNode& node, std::string_view key) {
  if (const auto value = parse_enum<E>(node.scalar); value && node.kind == Kind::scalar)
    return *value;
  std::vector<std::string_view> known(NamesOf<E>::names.begin(), NamesOf<E>::names.end());
  const std::string nearest = nearest_word(node.scalar, known);
  return wrong(node, fmt::format("\"{}\" must be one of {}{}", key, fmt::join(known, ", "),
                                 nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

template <class E>
Result<std::map<E, Autonomy>> by_word(const YamlNode& node, std::string_view key) {
  TRY(want(node, Kind::map, key));
  std::vector<std::string_view> known(NamesOf<E>::names.begin(), NamesOf<E>::names.end());
  TRY(check_keys(node, known, kFile));
  std::map<E, Autonomy> out;
  for (const auto& [word, value] : node.members)
    out[*parse_enum<E>(word)] = TRY(word_of<Autonomy>(value, word));
  return out;
}

Result<void> read_autonomy(const YamlNode& node, RepositoryRules& rules) {
  if (node.kind == Kind::scalar) {
    rules.autonomy = TRY(word_of<Autonomy>(node, "autonomy"));
    return {};
  }
  TRY(want(node, Kind::map, "autonomy"));
  TRY(check_keys(node, {"default", "severity", "category", "path"}, kFile));
  if (const auto* value = node.find("default"))
    rules.autonomy = TRY(word_of<Autonomy>(*value, "default"));
  if (const auto* value = node.find("severity"))
    rules.autonomy_by_severity = TRY(by_word<Severity>(*value, "severity"));
  if (const auto* value = node.find("category"))
    rules.autonomy_by_category = TRY(by_word<Category>(*value, "category"));
  if (const auto* value = node.find("path")) {
    TRY(want(*value, Kind::map, "path"));
    for (const auto& [glob, autonomy] : value->members) {
      if (!stays_inside(glob)) return wrong(autonomy, "a path must stay inside the repository");
      rules.autonomy_by_path[glob] = TRY(word_of<Autonomy>(autonomy, glob));
    }
  }
  return {};
}

Result<void> read_service(const YamlNode& service, const std::string& name,
                          RepositoryRules& rules) {
  std::string path = service.text("path");
  while (path.ends_with('/')) path.pop_back();
  if (name.empty()) return wrong(service, "a service has no name");
  if (path != "." && !stays_inside(path))
    return wrong(service,
                 fmt::format("service {}: path must name a folder of the repository", name));
  rules.service_paths[name] = path == "." ? "" : path;
  return {};
}

// `shop: {path: src}` or `- {name: shop, path: src}`.
Result<void> read_services(const YamlNode& node, RepositoryRules& rules) {
  if (node.kind == Kind::list) {
    for (const auto& service : node.items) {
      TRY(want(service, Kind::map, "services"));
      TRY(check_keys(service, {"name", "path"}, kFile));
      TRY(read_service(service, service.text("name"), rules));
    }
    return {};
  }
  TRY(want(node, Kind::map, "services"));
  for (const auto& [name, service] : node.members) {
    TRY(want(service, Kind::map, name));
    TRY(check_keys(service, {"path"}, kFile));
    TRY(read_service(service, name, rules));
  }
  return {};
}

Result<void> read_paths(const YamlNode& node, RepositoryRules& rules) {
  TRY(want(node, Kind::map, "paths"));
  TRY(check_keys(node, {"guarded", "forbidden"}, kFile));
  if (const auto* value = node.find("guarded")) rules.guarded = TRY(globs(*value, "guarded"));
  if (const auto* value = node.find("forbidden")) rules.forbidden = TRY(globs(*value, "forbidden"));
  return {};
}

Result<void> read_verify(const YamlNode& node, RepositoryRules& rules) {
  const YamlNode* window = &node;
  if (node.kind == Kind::map) {
    TRY(check_keys(node, {"window"}, kFile));
    window = node.find("window");
    if (window == nullptr) return {};
  }
  const auto value = parse_duration(window->scalar);
  if (!value || window->kind != Kind::scalar)
    return wrong(*window, "\"verify\" must be a duration such as 45m");
  rules.verify_min = *value;
  return {};
}

// A branch name as git allows it, narrowed to what needs no quoting anywhere.
Result<void> read_base(const YamlNode& node, RepositoryRules& rules) {
  const std::string& name = node.scalar;
  const bool plain = name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") ==
                     std::string::npos;
  if (node.kind != Kind::scalar || name.empty() || !plain || name.front() == '-' ||
      name.front() == '/' || name.back() == '/' || name.contains("..") || name.contains("//"))
    return wrong(node, "\"base\" must be a branch name");
  rules.base_branch = name;
  return {};
}

Result<void> read_agent(const YamlNode& node, RepositoryRules& rules) {
  if (node.kind == Kind::scalar && (node.scalar == "true" || node.scalar == "false")) {
    rules.agent = node.scalar == "true";
    return {};
  }
  return wrong(node, "\"agent\" must be true or false: whether a coding agent may work here");
}

}  // namespace

Result<RepositoryRules> parse_repository_rules(std::string_view yaml) {
  if (yaml.size() > kBytesMax)
    return fail(Errc::invalid_input, fmt::format("{}: larger than {} bytes", kFile, kBytesMax));
  const YamlNode root = TRY(parse_yaml(yaml, kFile));
  RepositoryRules rules;
  rules.present = true;
  if (root.is_null()) return rules;
  TRY(want(root, Kind::map, "the file"));
  TRY(check_keys(
      root,
      {"services", "setup", "check", "paths", "autonomy", "agent", "deploy", "verify", "base"},
      kFile));
  if (const auto* node = root.find("services")) TRY(read_services(*node, rules));
  if (const auto* node = root.find("setup")) rules.setup = TRY(argv(*node, "setup"));
  if (const auto* node = root.find("check")) rules.check = TRY(argv(*node, "check"));
  if (const auto* node = root.find("deploy")) rules.deploy = TRY(argv(*node, "deploy"));
  if (const auto* node = root.find("paths")) TRY(read_paths(*node, rules));
  if (const auto* node = root.find("autonomy")) TRY(read_autonomy(*node, rules));
  if (const auto* node = root.find("agent")) TRY(read_agent(*node, rules));
  if (const auto* node = root.find("verify")) TRY(read_verify(*node, rules));
  if (const auto* node = root.find("base")) TRY(read_base(*node, rules));
  return rules;
}

}  // namespace healer
