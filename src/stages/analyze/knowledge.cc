#include "stages/analyze/knowledge.h"

#include <algorithm>

namespace healer {
namespace {

// How much an entry knows about what it matches.
int rank_of(const KnowledgeEntry& entry) {
  return entry.id.starts_with("fallback.") ? 0 : entry.id.starts_with("generic.") ? 1 : 2;
}

std::size_t captures_of(const KnowledgeEntry& entry) {
  std::size_t out = 0;
  for (std::size_t at = entry.pattern.find("(?P<"); at != std::string::npos;
       at = entry.pattern.find("(?P<", at + 1))
    ++out;
  return out;
}

bool more_specific(const KnowledgeEntry& a, const KnowledgeEntry& b) {
  if (rank_of(a) != rank_of(b)) return rank_of(a) > rank_of(b);
  if (a.severity != b.severity) return a.severity > b.severity;
  if (captures_of(a) != captures_of(b)) return captures_of(a) > captures_of(b);
  if (a.pattern.size() != b.pattern.size()) return a.pattern.size() > b.pattern.size();
  return a.id < b.id;
}

}  // namespace

std::vector<Pattern> patterns_of(const std::vector<KnowledgeEntry>& entries) {
  std::vector<Pattern> out;
  for (std::size_t i = 0; i < entries.size(); ++i)
    out.push_back({static_cast<std::uint32_t>(i), entries[i].pattern});
  return out;
}

Knowledge::Knowledge(std::vector<KnowledgeEntry> entries, Lexicon lexicon,
                     std::unique_ptr<const Matcher> matcher)
    : entries_(std::move(entries)), lexicon_(std::move(lexicon)), matcher_(std::move(matcher)) {}

Result<std::unique_ptr<Knowledge>> Knowledge::make(std::vector<KnowledgeEntry> entries,
                                                   Lexicon lexicon) {
  auto matcher = TRY(compile_matcher(patterns_of(entries)));
  return std::unique_ptr<Knowledge>(
      new Knowledge(std::move(entries), std::move(lexicon), std::move(matcher)));
}

Result<std::unique_ptr<Knowledge>> Knowledge::load(std::vector<KnowledgeEntry> entries,
                                                   Lexicon lexicon, std::string_view database) {
  auto matcher = load_matcher(database);
  if (!matcher) return make(std::move(entries), std::move(lexicon));
  return std::unique_ptr<Knowledge>(
      new Knowledge(std::move(entries), std::move(lexicon), std::move(*matcher)));
}

std::vector<const KnowledgeEntry*> Knowledge::all(std::string_view text) const {
  std::vector<const KnowledgeEntry*> out;
  for (const std::uint32_t id : matcher_->scan(text)) out.push_back(&entries_[id]);
  std::ranges::sort(out, [](const auto* a, const auto* b) { return more_specific(*a, *b); });
  return out;
}

std::shared_ptr<const Captures> Knowledge::captures(const std::string& pattern) const {
  std::lock_guard lock(mutex_);
  auto& slot = compiled_[pattern];
  if (!slot) {
    auto made = Captures::compile(pattern);
    if (made) slot = std::make_shared<const Captures>(std::move(*made));
  }
  return slot;
}

bool Knowledge::occurs(const std::string& pattern, std::string_view text) const {
  const auto regex = captures(pattern);
  return regex && regex->find(text).has_value();
}

std::optional<Knowledge::Match> Knowledge::best(std::string_view text) const {
  for (const KnowledgeEntry* entry : all(text)) {
    Match match{.entry = entry, .parameters = {}};
    if (const auto regex = captures(entry->pattern))
      if (auto found = regex->find(text)) match.parameters = std::move(*found);
    return match;
  }
  return std::nullopt;
}

std::vector<std::string> check_examples(const Knowledge& knowledge) {
  std::vector<std::string> out;
  for (const auto& entry : knowledge.entries()) {
    const auto matches = [&](const std::string& text) {
      const auto all = knowledge.all(text);
      return std::ranges::find(all, &entry) != all.end();
    };
    for (const auto& example : entry.examples)
      if (!matches(example)) out.push_back(entry.id + " does not match its example: " + example);
    for (const auto& example : entry.counterexamples)
      if (matches(example)) out.push_back(entry.id + " matches its counterexample: " + example);
    if (entry.examples.empty()) out.push_back(entry.id + " has no example");
  }
  return out;
}

}  // namespace healer
