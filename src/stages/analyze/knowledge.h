#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ports/match/matcher.h"
#include "stages/analyze/classifier.h"
#include "types/severity.h"

namespace healer {

// A word or pattern that makes a known failure better or worse than usual.
struct SeverityShift {
  std::string pattern;
  Severity severity = Severity::low;
};

// A known failure; data. knowledge/README.md has the YAML form.
struct KnowledgeEntry {
  std::string id, product;
  std::string pattern;
  Severity severity = Severity::medium;
  Category category = Category::application;
  std::vector<SeverityShift> raise, lower;
  std::string summary, fix;  // {name} inserts a captured group
  std::vector<std::string> files;
  bool death = false;  // the text says that a process was killed or crashed
  bool vague = false;  // says that something fails, but not what: the words around it decide
  std::string source;
  std::vector<std::string> examples, counterexamples;
};

// What people write about failures, for texts that no entry knows.
struct Lexicon {
  std::map<Category, std::map<std::string, double>> words;  // phrase in lower case -> weight
  std::map<Category, std::string> fixes;
  std::vector<std::string> critical, failing, benign, over;  // phrases in lower case
};

// One YAML file. An unknown key, a word that is no severity or category, or an id given twice is
// invalid_input.
Result<std::vector<KnowledgeEntry>> parse_knowledge(std::string_view yaml, std::string_view name);
// Several such files, each behind a line "--- # NAME".
Result<std::vector<KnowledgeEntry>> parse_knowledge_stream(std::string_view stream);
// Entries as the build embeds them, without their examples: read in a fraction of the YAML's time.
std::string pack_entries(const std::vector<KnowledgeEntry>& entries);
Result<std::vector<KnowledgeEntry>> unpack_entries(std::string_view bytes);
Result<Lexicon> parse_lexicon(std::string_view yaml, std::string_view name);

// The entries with their compiled patterns. Thread-safe.
class Knowledge {
 public:
  // Compiles on this machine.
  static Result<std::unique_ptr<Knowledge>> make(std::vector<KnowledgeEntry> entries,
                                                 Lexicon lexicon);
  // With a database made at build time from the same entries in the same order; compiles where it
  // does not fit.
  static Result<std::unique_ptr<Knowledge>> load(std::vector<KnowledgeEntry> entries,
                                                 Lexicon lexicon, std::string_view database);

  struct Match {
    const KnowledgeEntry* entry = nullptr;
    std::map<std::string, std::string> parameters;
  };
  // The most specific entry that matches: a product's before a generic one before a fallback, by
  // the first word of the id; then the more severe, then the one that captures more, then the
  // longer pattern.
  std::optional<Match> best(std::string_view text) const;
  std::vector<const KnowledgeEntry*> all(std::string_view text) const;

  const std::vector<KnowledgeEntry>& entries() const { return entries_; }
  const Lexicon& lexicon() const { return lexicon_; }
  // True if the pattern occurs in the text; compiled once and kept.
  bool occurs(const std::string& pattern, std::string_view text) const;

  // What was learnt from labelled logs; none until it is given. Before the first use from another
  // thread.
  void learn(std::unique_ptr<const Classifier> classifier) { classifier_ = std::move(classifier); }
  const Classifier* classifier() const { return classifier_.get(); }

 private:
  Knowledge(std::vector<KnowledgeEntry> entries, Lexicon lexicon,
            std::unique_ptr<const Matcher> matcher);
  std::shared_ptr<const Captures> captures(const std::string& pattern) const;

  const std::vector<KnowledgeEntry> entries_;
  const Lexicon lexicon_;
  std::unique_ptr<const Classifier> classifier_;
  const std::unique_ptr<const Matcher> matcher_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const Captures>> compiled_;
};

std::vector<Pattern> patterns_of(const std::vector<KnowledgeEntry>& entries);

// What is wrong with an entry's own examples: one sentence each. For the build and the tests.
std::vector<std::string> check_examples(const Knowledge& knowledge);

}  // namespace healer
