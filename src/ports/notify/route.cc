#include "ports/notify/route.h"

#include <fmt/format.h>

#include <algorithm>

#include "types/yaml.h"

namespace healer {
namespace {

template <class T>
bool allows(const std::vector<T>& wanted, T value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

std::string hint(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string nearest = nearest_word(word, known);
  return nearest.empty() ? fmt::format("use one of {}", fmt::join(known, ", "))
                         : fmt::format("did you mean {}?", nearest);
}

template <class E>
Result<std::vector<E>> read_names(const YamlNode& node, std::string_view key,
                                  std::string_view file) {
  std::vector<E> out;
  for (const auto& word : node.texts(key)) {
    const auto value = parse_enum<E>(word);
    if (!value)
      return fail(Errc::invalid_input,
                  fmt::format("{}:{}: {} \"{}\" is not known; {}", file, node.line, key, word,
                              hint(word, {NamesOf<E>::names.begin(), NamesOf<E>::names.end()})));
    out.push_back(*value);
  }
  return out;
}

Result<std::string> read_channel(const YamlNode& node, std::string_view key, std::string_view file,
                                 std::vector<std::string_view> channels) {
  channels.push_back("none");
  const std::string name = node.text(key, "none");
  if (std::ranges::find(channels, name) == channels.end())
    return fail(Errc::invalid_input, fmt::format("{}:{}: there is no channel \"{}\"; {}", file,
                                                 node.line, name, hint(name, channels)));
  return name;
}

}  // namespace

const std::string& channel_for(const NotifyRouting& routing, const Notification& notification) {
  for (const auto& rule : routing.rules)
    if ((rule.owner.empty() || rule.owner == notification.owner) &&
        (rule.service.empty() || rule.service == notification.service) &&
        allows(rule.severities, notification.severity) &&
        allows(rule.statuses, notification.status))
      return rule.to;
  return routing.fallback;
}

Result<NotifyRouting> read_routing(std::string_view yaml, std::string_view file,
                                   const std::vector<std::string_view>& channels) {
  const YamlNode root = TRY(parse_yaml(yaml, file));
  NotifyRouting out;
  if (root.is_null()) return out;
  TRY(check_keys(root, {"routes", "default"}, file));
  out.fallback = TRY(read_channel(root, "default", file, channels));
  const YamlNode* routes = root.find("routes");
  if (routes == nullptr || routes->is_null()) return out;
  if (routes->kind != YamlNode::Kind::list)
    return fail(Errc::invalid_input,
                fmt::format("{}:{}: routes is a list of rules", file, routes->line));
  for (const auto& item : routes->items) {
    TRY(check_keys(item, {"owner", "service", "severity", "status", "to"}, file));
    if (item.text("to").empty())
      return fail(Errc::invalid_input,
                  fmt::format("{}:{}: a route needs `to`, the name of a channel", file, item.line));
    out.rules.push_back({.owner = item.text("owner"),
                         .service = item.text("service"),
                         .severities = TRY(read_names<Severity>(item, "severity", file)),
                         .statuses = TRY(read_names<IncidentStatus>(item, "status", file)),
                         .to = TRY(read_channel(item, "to", file, channels))});
  }
  return out;
}

RoutedNotifier::RoutedNotifier(NotifyRouting routing,
                               std::map<std::string, std::unique_ptr<Notifier>> channels)
    : routing_(std::move(routing)), channels_(std::move(channels)) {}

Result<std::string> RoutedNotifier::send(const Notification& notification) {
  const std::string& name = channel_for(routing_, notification);
  if (name == "none") return std::string();
  const auto channel = channels_.find(name);
  if (channel == channels_.end())
    return fail(Errc::not_found, fmt::format("notify: there is no channel \"{}\"", name));
  Notification own = notification;
  const std::string prefix = name + "/";
  own.update_of = own.update_of.starts_with(prefix) ? own.update_of.substr(prefix.size()) : "";
  auto id = channel->second->send(own);
  if (!id) return std::unexpected(std::move(id).error().within("notify " + name));
  return prefix + *id;
}

}  // namespace healer
