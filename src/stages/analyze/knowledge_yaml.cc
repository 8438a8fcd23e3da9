#include <algorithm>
#include <set>

#include "stages/analyze/knowledge.h"
#include "types/yaml.h"

namespace healer {
namespace {

std::unexpected<Error> wrong(std::string_view name, int line, const std::string& what) {
  return fail(Errc::invalid_input, std::string(name) + ":" + std::to_string(line) + ": " + what);
}

template <class E>
Result<E> word(const YamlNode& map, std::string_view key, std::string_view name) {
  const std::string text = map.text(key);
  const auto parsed = parse_enum<E>(text);
  if (!parsed)
    return wrong(name, map.line, std::string(key) + " \"" + text + "\" is not one of its words");
  return *parsed;
}

Result<std::vector<SeverityShift>> read_shifts(const YamlNode& entry, std::string_view key,
                                               std::string_view name) {
  std::vector<SeverityShift> out;
  const YamlNode* list = entry.find(key);
  if (list == nullptr) return out;
  for (const auto& item : list->items) {
    TRY(check_keys(item, {"pattern", "severity"}, name));
    const Severity severity = TRY(word<Severity>(item, "severity", name));
    SeverityShift shift{.pattern = item.text("pattern"), .severity = severity};
    if (auto compiled = Captures::compile(shift.pattern); !compiled)
      return wrong(name, item.line, compiled.error().message);
    out.push_back(std::move(shift));
  }
  return out;
}

Result<KnowledgeEntry> read_entry(const YamlNode& node, std::string_view name) {
  TRY(check_keys(node,
                 {"id", "pattern", "severity", "category", "raise", "lower", "summary", "fix",
                  "files", "death", "vague", "source", "examples", "counterexamples"},
                 name));
  KnowledgeEntry out;
  out.id = node.text("id");
  out.product = out.id.substr(0, out.id.find('.'));
  out.pattern = node.text("pattern");
  for (const auto& [key, value] : {std::pair{"id", &out.id}, std::pair{"pattern", &out.pattern}})
    if (value->empty()) return wrong(name, node.line, std::string("an entry needs ") + key);
  if (auto compiled = Captures::compile(out.pattern); !compiled)
    return wrong(name, node.line, out.id + ": " + compiled.error().message);
  out.severity = TRY(word<Severity>(node, "severity", name));
  out.category = TRY(word<Category>(node, "category", name));
  out.raise = TRY(read_shifts(node, "raise", name));
  out.lower = TRY(read_shifts(node, "lower", name));
  out.summary = node.text("summary");
  out.fix = node.text("fix");
  out.files = node.texts("files");
  out.death = node.text("death") == "true";
  out.vague = node.text("vague") == "true" || out.id.starts_with("fallback.");
  out.source = node.text("source");
  out.examples = node.texts("examples");
  out.counterexamples = node.texts("counterexamples");
  return out;
}

std::vector<std::string> lower_words(const YamlNode& root, std::string_view key) {
  auto out = root.texts(key);
  for (auto& text : out)
    std::ranges::transform(text, text.begin(), [](char c) {
      return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
  return out;
}

}  // namespace

Result<std::vector<KnowledgeEntry>> parse_knowledge(std::string_view yaml, std::string_view name) {
  const YamlNode root = TRY(parse_yaml(yaml, name));
  TRY(check_keys(root, {"product", "entries"}, name));
  std::vector<KnowledgeEntry> out;
  std::set<std::string> ids;
  const YamlNode* entries = root.find("entries");
  if (entries == nullptr) return wrong(name, 1, "there are no entries");
  for (const auto& item : entries->items) {
    out.push_back(TRY(read_entry(item, name)));
    if (!ids.insert(out.back().id).second)
      return wrong(name, item.line, "entry " + out.back().id + " is there twice");
  }
  return out;
}

Result<std::vector<KnowledgeEntry>> parse_knowledge_stream(std::string_view stream) {
  constexpr std::string_view kMark = "--- # ";
  std::vector<KnowledgeEntry> out;
  std::set<std::string> ids;
  while (stream.starts_with(kMark)) {
    const std::size_t line = std::min(stream.find('\n'), stream.size());
    const std::string_view name = stream.substr(kMark.size(), line - kMark.size());
    stream.remove_prefix(line);
    const std::size_t end = stream.find("\n--- # ");
    for (auto& entry : TRY(parse_knowledge(stream.substr(0, end), name))) {
      if (!ids.insert(entry.id).second)
        return fail(Errc::invalid_input,
                    std::string(name) + ": entry " + entry.id + " is in another file too");
      out.push_back(std::move(entry));
    }
    stream.remove_prefix(end == std::string_view::npos ? stream.size() : end + 1);
  }
  if (!stream.empty()) return fail(Errc::invalid_input, "knowledge: a file has no name");
  return out;
}

Result<Lexicon> parse_lexicon(std::string_view yaml, std::string_view name) {
  const YamlNode root = TRY(parse_yaml(yaml, name));
  TRY(check_keys(root, {"categories", "fixes", "critical", "failing", "benign", "over"}, name));
  Lexicon out;
  if (const YamlNode* categories = root.find("categories"))
    for (const auto& [word, phrases] : categories->members) {
      const auto category = parse_enum<Category>(word);
      if (!category) return wrong(name, phrases.line, "\"" + word + "\" is not a category");
      for (const auto& [weight, list] : phrases.members) {
        const double number = std::strtod(weight.c_str(), nullptr);
        for (const auto& item : list.items) out.words[*category][item.scalar] = number;
      }
    }
  if (const YamlNode* fixes = root.find("fixes"))
    for (const auto& [word, text] : fixes->members)
      if (const auto category = parse_enum<Category>(word)) out.fixes[*category] = text.scalar;
  out.critical = lower_words(root, "critical");
  out.failing = lower_words(root, "failing");
  out.benign = lower_words(root, "benign");
  out.over = lower_words(root, "over");
  return out;
}

}  // namespace healer
