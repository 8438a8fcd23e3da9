#include "stages/fix/playbook.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "blob/healer_playbooks.h"
#include "stages/fix/compiled.h"
#include "stages/fix/value.h"
#include "types/yaml.h"

namespace healer {
namespace {

constexpr std::size_t kPatternMemoryMax = 1 << 20;  // bytes, of one compiled expression
constexpr std::size_t kPlaybooksMax = 1000;
using Kind = YamlNode::Kind;

struct Reader {
  std::string name;  // of the document, for errors

  std::unexpected<Error> wrong(const YamlNode& at, std::string_view what) const {
    return fail(Errc::invalid_input, fmt::format("{}:{}: {}", name, std::max(at.line, 1), what));
  }

  Result<std::unique_ptr<re2::RE2>> regex(const YamlNode& at, const std::string& pattern) const {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(false);
    options.set_max_mem(kPatternMemoryMax);
    options.set_encoding(re2::RE2::Options::EncodingLatin1);  // logs hold any bytes
    auto compiled = std::make_unique<re2::RE2>(pattern, options);
    if (!compiled->ok())
      return wrong(at, fmt::format("pattern {:?}: {}", pattern, compiled->error()));
    return compiled;
  }

  template <class E>
  Result<E> word(const YamlNode& node, std::string_view key) const {
    if (const auto value = parse_enum<E>(node.scalar)) return *value;
    return wrong(node,
                 fmt::format("{} must be one of {}", key, fmt::join(NamesOf<E>::names, ", ")));
  }

  Result<std::optional<double>> bound(const YamlNode& map, std::string_view key,
                                      ValueType type) const {
    const YamlNode* node = map.find(key);
    if (node == nullptr) return std::optional<double>{};
    const auto value = quantity(type, node->scalar, {});
    const bool sure = value && (value->unit_known || value->base == 0);
    if (!sure) return wrong(*node, fmt::format("{} must be a {}", key, to_string(type)));
    return std::optional<double>{value->base};
  }

  Result<double> factor(const YamlNode& map, std::string_view key, double fallback) const {
    const YamlNode* node = map.find(key);
    if (node == nullptr) return fallback;
    const auto value = quantity(ValueType::integer, node->scalar, {});
    if (!value || value->base < 2 || value->base > 1000)
      return wrong(*node, fmt::format("{} must be a whole number from 2 to 1000", key));
    return value->base;
  }

  Result<SettingRule> rule(const YamlNode& node, const Playbook& playbook) const {
    if (node.kind != Kind::map) return wrong(node, "settings must be a list of maps");
    TRY(check_keys(node,
                   {"names", "type", "direction", "from", "min", "max", "factor", "factor_max",
                    "constant", "unlimited", "current", "without", "present", "allowed"},
                   name));
    SettingRule out;
    out.names = node.texts("names");
    if (out.names.empty()) return wrong(node, "a setting needs names");
    if (const auto* type = node.find("type")) out.type = TRY(word<ValueType>(*type, "type"));
    if (const auto* direction = node.find("direction"))
      out.direction = TRY(word<Direction>(*direction, "direction"));
    for (const auto& source : node.texts("from")) {
      const auto value = parse_enum<EditSource>(source);
      if (!value)
        return wrong(
            node, fmt::format("from must be of {}", fmt::join(NamesOf<EditSource>::names, ", ")));
      out.sources.push_back(*value);
    }
    if (out.sources.empty()) out.sources.push_back(EditSource::restore);
    out.min = TRY(bound(node, "min", out.type));
    out.max = TRY(bound(node, "max", out.type));
    out.factor = TRY(factor(node, "factor", out.factor));
    out.factor_max = TRY(factor(node, "factor_max", out.factor_max));
    out.constant = node.text("constant");
    out.unlimited = node.texts("unlimited");
    out.current = node.text("current");
    out.without = node.texts("without");
    out.present = node.texts("present");
    out.allowed = node.texts("allowed");
    TRY(consistent(node, out, playbook));
    return out;
  }

  // What would make a rule unsafe or useless is found when it is read, not when it is needed.
  Result<void> consistent(const YamlNode& node, const SettingRule& rule,
                          const Playbook& playbook) const {
    const auto from = [&](EditSource source) {
      return std::ranges::find(rule.sources, source) != rule.sources.end();
    };
    if (!rule.current.empty() && !playbook.captures.contains(rule.current))
      return wrong(node, fmt::format("current names no capture: {}", rule.current));
    if (from(EditSource::scale) && (!has_number(rule.type) || rule.direction == Direction::any))
      return wrong(node, "scale needs a number and a direction");
    if (from(EditSource::scale) && (rule.direction == Direction::up ? !rule.max : !rule.min))
      return wrong(node, "scale needs a bound in its direction");
    if (from(EditSource::constant) != !rule.constant.empty())
      return wrong(node, "constant and from: constant go together");
    if (!rule.constant.empty() && !is_value(rule.type, rule.constant))
      return wrong(node, fmt::format("constant is no {}", to_string(rule.type)));
    if (rule.min && rule.max && *rule.min > *rule.max) return wrong(node, "min is above max");
    return {};
  }

  Result<void> match(const YamlNode& node, Playbook& out, Playbook::Compiled& compiled) const {
    TRY(check_keys(node, {"knowledge", "category", "text"}, name));
    out.knowledge = node.texts("knowledge");
    out.text = node.texts("text");
    for (const auto& pattern : out.text) compiled.text.push_back(TRY(regex(node, pattern)));
    for (const auto& category : node.texts("category")) {
      const auto value = parse_enum<Category>(category);
      if (!value) return wrong(node, fmt::format("category: no such one: {}", category));
      out.categories.push_back(*value);
    }
    if (out.text.empty()) return wrong(node, "match needs text: knowledge ids alone come and go");
    return {};
  }

  Result<void> captures(const YamlNode& node, Playbook& out, Playbook::Compiled& compiled) const {
    for (const auto& [key, value] : node.members) {
      TRY(check_keys(value, {"pattern", "type"}, name));
      Capture capture{value.texts("pattern"), ValueType::word};
      if (const auto* type = value.find("type")) capture.type = TRY(word<ValueType>(*type, "type"));
      if (capture.patterns.empty())
        return wrong(value, fmt::format("capture {} has no pattern", key));
      for (const auto& text : capture.patterns) {
        auto pattern = TRY(regex(value, text));
        if (pattern->NumberOfCapturingGroups() != 1)
          return wrong(value, fmt::format("capture {} needs exactly one group", key));
        compiled.captures[key].push_back(std::move(pattern));
      }
      out.captures[key] = std::move(capture);
    }
    return {};
  }

  Result<Playbook> playbook(const YamlNode& root) const {
    if (root.kind != Kind::map) return wrong(root, "a playbook is a map");
    TRY(check_keys(root,
                   {"id", "title", "match", "capture", "settings", "files", "avoid", "add_missing",
                    "refuse", "log_volume", "prove", "risk", "rollback"},
                   name));
    Playbook out;
    auto compiled = std::make_shared<Playbook::Compiled>();
    for (const auto& [key, text] :
         {std::pair{"id", &out.id}, std::pair{"title", &out.title}, std::pair{"prove", &out.prove},
          std::pair{"risk", &out.risk}, std::pair{"rollback", &out.rollback}}) {
      *text = root.text(key);
      if (text->empty()) return wrong(root, fmt::format("{} is missing", key));
    }
    const YamlNode* match_node = root.find("match");
    if (match_node == nullptr) return wrong(root, "match is missing");
    TRY(match(*match_node, out, *compiled));
    if (const auto* node = root.find("capture")) TRY(captures(*node, out, *compiled));
    if (const auto* node = root.find("settings"))
      for (const auto& item : node->items) out.settings.push_back(TRY(rule(item, out)));
    out.files = root.texts("files");
    out.avoid = root.texts("avoid");
    out.refuse = root.texts("refuse");
    for (const auto& pattern : out.refuse) compiled->refuse.push_back(TRY(regex(root, pattern)));
    out.add_missing = root.text("add_missing") == "true";
    out.log_volume = root.text("log_volume") == "true";
    if (out.settings.empty() && !out.add_missing) return wrong(root, "settings is missing");
    if (out.add_missing && !out.captures.contains("variable"))
      return wrong(root, "add_missing needs a capture named variable");
    out.regexes = std::move(compiled);
    return out;
  }
};

// The documents of a stream: the lines between lines that are exactly "---".
std::vector<std::string_view> documents(std::string_view yaml) {
  std::vector<std::string_view> out;
  std::size_t start = 0, line = 0;
  while (line <= yaml.size()) {
    const std::size_t end = std::min(yaml.find('\n', line), yaml.size());
    if (yaml.substr(line, end - line) == "---") {
      out.push_back(yaml.substr(start, line - start));
      start = std::min(end + 1, yaml.size());
    }
    line = end + 1;
  }
  out.push_back(yaml.substr(start));
  return out;
}

}  // namespace

Result<std::vector<Playbook>> parse_playbooks(std::string_view yaml, std::string_view name) {
  std::vector<Playbook> out;
  std::set<std::string> ids;
  for (const auto text : documents(yaml)) {
    const Reader reader{fmt::format("{} #{}", name, out.size() + 1)};
    const YamlNode root = TRY(parse_yaml(text, reader.name));
    if (root.is_null()) continue;
    Playbook playbook = TRY(reader.playbook(root));
    if (!ids.insert(playbook.id).second)
      return reader.wrong(root, fmt::format("id {} is given twice", playbook.id));
    if (out.size() == kPlaybooksMax) return reader.wrong(root, "too many playbooks");
    out.push_back(std::move(playbook));
  }
  return out;
}

std::string_view builtin_playbooks_yaml() { return healer_playbooks(); }

}  // namespace healer
