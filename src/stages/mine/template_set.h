#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stages/mine/flat_map.h"

namespace healer {

// The templates of one service. assign() masks the message and looks its shape up by hash; only a
// shape never seen is compared with the templates of its length. A position becomes a wildcard once
// enough different words were seen there; templates that this makes equal are merged.
class TemplateSet {
 public:
  using Index = std::uint32_t;

  struct Template {
    std::string birth_key;
    std::string text;
    Index alias_of;  // itself unless merged; never a chain
    bool changed = false;
    std::uint64_t id = 0, fingerprint = 0;  // the miner's
    std::uint64_t born_in = 0;
  };

  // `reserved` of the templates are for failures alone: other lines must not crowd them out.
  explicit TemplateSet(std::size_t templates_max, std::size_t reserved = 0)
      : templates_max_(templates_max), reserved_(reserved) {}

  // The template of the message; `severe` keeps failures apart from other lines of the same words.
  Index assign(std::string_view message, bool severe);
  // A template that is known by its key alone (an alert); `text` is for people.
  Index assign_key(std::string_view key, std::string_view text);
  // Puts back a template of a snapshot.
  Index restore(std::string_view birth_key, std::string_view text);
  Index restore_alias(std::string_view birth_key, std::string_view text, Index to);

  Index resolve(Index index) const { return templates_[index].alias_of; }
  Template& at(Index index) { return templates_[index]; }
  const Template& at(Index index) const { return templates_[index]; }
  std::size_t size() const { return templates_.size(); }
  // Those created, grown or aliased since the last call.
  std::vector<Index> take_changed();

 private:
  using Token = std::uint32_t;  // interned; 0 is the wildcard

  // Templates of one length in one partition: their tokens row by row.
  struct Bucket {
    std::vector<Token> tokens;
    std::vector<Index> rows;
    std::vector<bool> grown;  // has wildcards from merges: may fit lines of other shapes
    std::size_t grown_count = 0;
  };
  // A row that differs from the line at the positions of one hash.
  struct Candidate {
    std::size_t row;
    std::uint64_t places;
    std::size_t mismatches;
    std::size_t words;  // of the line
  };

  void tokenize(std::string_view masked);
  Token intern(std::string_view word);
  Index place(std::string_view key);
  Index create(std::string_view key, Bucket& bucket);
  Index add_template(std::string_view key, std::string_view text);
  bool has_room(bool severe) const;
  Index overflow(bool severe);
  void remember(std::uint64_t shape, Index index);
  Index find_general(const Bucket& bucket) const;
  void find_candidates(const Bucket& bucket);
  Index merge_candidates(Bucket& bucket);
  bool enough_values(const Bucket& bucket, std::size_t first, std::size_t last) const;
  Index merge(Bucket& bucket, std::size_t first, std::size_t last);
  bool covers(const Token* general, const Token* special, std::size_t width) const;
  void alias(Index from, Index to);
  void rewrite(Index index, const Token* tokens, std::size_t width);
  void add_row(Bucket& bucket, Index index, bool grown);
  void mark_changed(Index index);

  std::size_t templates_max_, reserved_;
  std::size_t plain_ = 0;  // templates of no failure
  std::vector<Template> templates_;
  std::vector<Index> changed_;
  FlatMap shapes_;  // hash of a masked line to its template
  std::unordered_map<std::uint64_t, Bucket> buckets_;
  std::unordered_map<std::string, Token> words_;
  std::vector<std::string> word_of_{"<*>"};
  std::vector<std::uint8_t> kind_of_{0};   // what a token is: see template_set.cc
  std::vector<std::vector<bool>> spaces_;  // per template: a blank before each token
  Index overflow_ = UINT32_MAX, severe_overflow_ = UINT32_MAX;
  // Scratch of one assign().
  std::string masked_;
  std::vector<std::string_view> parts_;
  std::vector<Token> line_;
  std::vector<bool> line_spaces_;
  std::vector<Candidate> candidates_;
};

}  // namespace healer
