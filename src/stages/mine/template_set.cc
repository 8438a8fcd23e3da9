#include "stages/mine/template_set.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "base/metrics.h"
#include "stages/mine/mask.h"
#include "stages/mine/trace_key.h"

namespace healer {
namespace {

constexpr char kTraceMark = '\x1f';  // between the masked head and the trace key
constexpr char kKeyMark = '\x1e';    // before the key of an alert
constexpr char kSevereMark = '!';    // before the key of a failure
constexpr std::string_view kSevereOverflow = "!\x1f";
constexpr std::size_t kTokensMax = 128;
constexpr std::size_t kShapesPerTemplate = 4;
// So many different plain words at one place make it a variable; two if one of them is an id.
constexpr std::size_t kValuesOfVariable = 4;
constexpr double kMismatchShare = 0.4;
// Most words may differ only where many lines agree in the rest.
constexpr std::size_t kValuesOfSureVariable = 20;
constexpr double kMismatchShareMax = 0.65;
constexpr std::size_t kRowsComparedMax = 2048;       // the newest of a bucket
constexpr std::uint32_t kUnknownToken = UINT32_MAX;  // a word that no template has

enum Kind : std::uint8_t { kWild = 0, kMark = 1, kPlainWord = 2, kOddWord = 3 };

bool is_mark(char c) {
  constexpr std::string_view kMarks = "=:,;()[]{}|<>\"'`!?";
  return kMarks.find(c) != std::string_view::npos;
}

Kind kind_of(std::string_view word) {
  if (word == kWildcard) return kWild;
  if (word.size() == 1 && is_mark(word[0])) return kMark;
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' ||
           c == '/' || c < 0;
  });
  return plain ? kPlainWord : kOddWord;
}

std::string_view trace_of(std::string_view key) {
  const std::size_t mark = key.find(kTraceMark);
  return mark == std::string_view::npos ? std::string_view{} : key.substr(mark + 1);
}

std::string_view masked_head(std::string_view key) {
  std::string_view head = key.substr(0, key.find(kTraceMark));
  if (head.starts_with(kSevereMark)) head.remove_prefix(1);
  return head;
}

}  // namespace

TemplateSet::Index TemplateSet::assign(std::string_view message, bool severe) {
  masked_.clear();
  if (severe) masked_ += kSevereMark;
  mask_line(message, masked_);
  if (message.find('\n') != std::string_view::npos) {
    if (const std::string trace = trace_key(message); !trace.empty()) {
      masked_ += kTraceMark;
      masked_ += trace;
    }
  }
  const std::uint64_t shape = hash64(masked_);
  const Index known = shapes_.find(shape);
  if (known != FlatMap::kAbsent) return resolve(known);
  const Index index = place(masked_);
  remember(shape, index);
  return index;
}

TemplateSet::Index TemplateSet::assign_key(std::string_view key, std::string_view text) {
  masked_.assign(1, kKeyMark);
  masked_ += key;
  const std::uint64_t shape = hash64(masked_);
  if (const Index known = shapes_.find(shape); known != FlatMap::kAbsent) return resolve(known);
  const Index index = has_room(true) ? add_template(masked_, text) : overflow(true);
  remember(shape, index);
  return index;
}

void TemplateSet::remember(std::uint64_t shape, Index index) {
  if (shapes_.size() >= kShapesPerTemplate * templates_max_) {
    Metrics::counter("shapes_limit_hits") += 1;
    shapes_.clear();
    for (Index i = 0; i < templates_.size(); ++i) shapes_.put(hash64(templates_[i].birth_key), i);
  }
  shapes_.put(shape, index);
}

// Cuts the masked head into parts_: words, marks, wildcards.
void TemplateSet::tokenize(std::string_view masked) {
  parts_.clear();
  line_spaces_.clear();
  bool space = false;
  std::size_t at = 0;
  while (at < masked.size()) {
    if (masked[at] == ' ') {
      space = true;
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < masked.size() && masked[at] != ' ') {
      if (masked.substr(at, 3) == kWildcard) {
        at += 3;
      } else if (is_mark(masked[at])) {
        break;
      } else {
        ++at;
      }
    }
    if (at == begin) ++at;
    if (parts_.size() == kTokensMax) {
      parts_.back() = kWildcard;
      break;
    }
    parts_.push_back(masked.substr(begin, at - begin));
    line_spaces_.push_back(space);
    space = false;
  }
  line_.clear();
  for (const auto part : parts_) {
    if (part == kWildcard) {
      line_.push_back(0);
      continue;
    }
    const auto found = words_.find(std::string(part));
    line_.push_back(found == words_.end() ? kUnknownToken : found->second);
  }
}

TemplateSet::Token TemplateSet::intern(std::string_view word) {
  const auto [found, fresh] =
      words_.emplace(std::string(word), static_cast<Token>(word_of_.size()));
  if (fresh) {
    word_of_.emplace_back(word);
    kind_of_.push_back(kind_of(word));
  }
  return found->second;
}

TemplateSet::Index TemplateSet::place(std::string_view key) {
  tokenize(masked_head(key));
  const std::uint64_t partition =
      hash64(trace_of(key), line_.size() * 2 + (key.starts_with(kSevereMark) ? 1 : 0));
  Bucket& bucket = buckets_[partition];
  if (const Index general = find_general(bucket); general != FlatMap::kAbsent) return general;
  const bool severe = key.starts_with(kSevereMark);
  if (!has_room(severe)) return overflow(severe);
  for (std::size_t i = 0; i < line_.size(); ++i)
    if (line_[i] == kUnknownToken) line_[i] = intern(parts_[i]);
  find_candidates(bucket);
  if (const Index merged = merge_candidates(bucket); merged != FlatMap::kAbsent) return merged;
  return create(key, bucket);
}

TemplateSet::Index TemplateSet::add_template(std::string_view key, std::string_view text) {
  const auto index = static_cast<Index>(templates_.size());
  templates_.push_back(
      {.birth_key = std::string(key), .text = std::string(text), .alias_of = index});
  spaces_.emplace_back();
  if (!key.starts_with(kSevereMark) && !key.starts_with(kKeyMark)) ++plain_;
  mark_changed(index);
  return index;
}

void TemplateSet::add_row(Bucket& bucket, Index index, bool grown) {
  bucket.tokens.insert(bucket.tokens.end(), line_.begin(), line_.end());
  bucket.rows.push_back(index);
  bucket.grown.push_back(grown);
  bucket.grown_count += grown ? 1 : 0;
}

void TemplateSet::mark_changed(Index index) {
  if (!templates_[index].changed) changed_.push_back(index);
  templates_[index].changed = true;
}

std::vector<TemplateSet::Index> TemplateSet::take_changed() {
  for (const Index index : changed_) templates_[index].changed = false;
  return std::exchange(changed_, {});
}

TemplateSet::Index TemplateSet::create(std::string_view key, Bucket& bucket) {
  const Index index = add_template(key, {});
  spaces_[index] = line_spaces_;
  add_row(bucket, index, false);
  rewrite(index, line_.data(), line_.size());
  return index;
}

bool TemplateSet::has_room(bool severe) const {
  return templates_.size() < templates_max_ && (severe || plain_ + reserved_ < templates_max_);
}

TemplateSet::Index TemplateSet::overflow(bool severe) {
  Metrics::counter("templates_limit_hits") += 1;
  Index& index = severe ? severe_overflow_ : overflow_;
  if (index == FlatMap::kAbsent) index = add_template(severe ? kSevereOverflow : "", kWildcard);
  return index;
}

// The text of a template from its tokens, with the trace that it belongs to behind it.
void TemplateSet::rewrite(Index index, const Token* tokens, std::size_t width) {
  Template& one = templates_[index];
  one.text.clear();
  for (std::size_t i = 0; i < width; ++i) {
    if (spaces_[index][i]) one.text += ' ';
    one.text += word_of_[tokens[i]];
  }
  if (const std::string_view trace = trace_of(one.birth_key); !trace.empty()) {
    one.text += " | ";
    one.text += trace;
  }
  mark_changed(index);
}

// Whether each token of `special` is the same or under a wildcard of `general`, with at least as
// many words in common as under wildcards.
bool TemplateSet::covers(const Token* general, const Token* special, std::size_t width) const {
  std::size_t same = 0, under = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (general[i] == special[i]) {
      same += general[i] != 0 && kind_of_[general[i]] >= kPlainWord;
      continue;
    }
    if (general[i] != 0) return false;
    if (special[i] != kUnknownToken && kind_of_[special[i]] == kMark) return false;
    ++under;
  }
  return under <= same;
}

TemplateSet::Index TemplateSet::find_general(const Bucket& bucket) const {
  const std::size_t width = line_.size();
  if (bucket.grown_count == 0) return FlatMap::kAbsent;
  for (std::size_t row = 0; row < bucket.rows.size(); ++row)
    if (bucket.grown[row] && covers(bucket.tokens.data() + row * width, line_.data(), width))
      return bucket.rows[row];
  return FlatMap::kAbsent;
}

void TemplateSet::find_candidates(const Bucket& bucket) {
  candidates_.clear();
  const std::size_t width = line_.size();
  std::size_t words = 0;
  for (const Token token : line_)
    words += token != 0 && (token == kUnknownToken || kind_of_[token] >= kPlainWord);
  const std::size_t allowed = std::max<std::size_t>(
      1, static_cast<std::size_t>(static_cast<double>(words) * kMismatchShareMax));
  const std::size_t rows = bucket.rows.size();
  for (std::size_t row = rows - std::min(rows, kRowsComparedMax); row < rows; ++row) {
    const Token* tokens = bucket.tokens.data() + row * width;
    std::size_t mismatches = 0, same = 0;
    std::uint64_t places = 1469598103934665603ULL;
    bool fits = true;
    for (std::size_t i = 0; i < width && fits; ++i) {
      const Token a = tokens[i], b = line_[i];
      if (a == b) {
        same += a != 0 && kind_of_[a] >= kPlainWord;
        continue;
      }
      if (a == kUnknownToken || b == kUnknownToken || kind_of_[a] == kMark || kind_of_[b] == kMark)
        fits = false;
      if (a == 0) continue;
      places = (places ^ i) * 1099511628211ULL;
      fits = fits && ++mismatches <= allowed;
    }
    if (fits && mismatches > 0 && same > 0) candidates_.push_back({row, places, mismatches, words});
  }
}

// The candidates first..last differ from the line at the same places: has each of these places
// been seen with enough different values?
bool TemplateSet::enough_values(const Bucket& bucket, std::size_t first, std::size_t last) const {
  const std::size_t width = line_.size();
  const Token* model = bucket.tokens.data() + candidates_[first].row * width;
  std::size_t same = 0;
  for (std::size_t i = 0; i < width; ++i)
    same += model[i] == line_[i] && model[i] != 0 && kind_of_[model[i]] >= kPlainWord;
  const auto& group = candidates_[first];
  const bool few = group.mismatches == 1 || static_cast<double>(group.mismatches) <=
                                                static_cast<double>(group.words) * kMismatchShare;
  if (!few && same < 2) return false;
  const std::size_t needed = few ? kValuesOfVariable : kValuesOfSureVariable;
  if (last - first + 1 < (few ? 2 : needed)) return false;
  for (std::size_t i = 0; i < width; ++i) {
    if (model[i] == line_[i] || model[i] == 0) continue;
    std::unordered_set<Token> values{line_[i]};
    bool odd = line_[i] == 0;
    for (std::size_t c = first; c < last; ++c) {
      const Token token = bucket.tokens[candidates_[c].row * width + i];
      values.insert(token);
      odd |= token == 0;
    }
    if (values.size() < (odd && few && same >= 2 ? 2 : needed)) return false;
  }
  return true;
}

TemplateSet::Index TemplateSet::merge_candidates(Bucket& bucket) {
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.mismatches, a.places, a.row) < std::tie(b.mismatches, b.places, b.row);
  });
  for (std::size_t first = 0; first < candidates_.size();) {
    std::size_t last = first + 1;
    while (last < candidates_.size() && candidates_[last].places == candidates_[first].places)
      ++last;
    if (enough_values(bucket, first, last)) return merge(bucket, first, last);
    first = last;
  }
  return FlatMap::kAbsent;
}

void TemplateSet::alias(Index from, Index to) {
  for (Index i = 0; i < templates_.size(); ++i) {
    if (templates_[i].alias_of != from) continue;
    templates_[i].alias_of = to;
    mark_changed(i);
  }
}

// The oldest of the candidates takes wildcards and all rows that it covers then.
TemplateSet::Index TemplateSet::merge(Bucket& bucket, std::size_t first, std::size_t last) {
  const std::size_t width = line_.size();
  std::size_t survivor = candidates_[first].row;
  for (std::size_t c = first; c < last; ++c)
    if (bucket.rows[candidates_[c].row] < bucket.rows[survivor]) survivor = candidates_[c].row;
  const Index index = bucket.rows[survivor];
  std::vector<Token> general(
      bucket.tokens.begin() + static_cast<std::ptrdiff_t>(survivor * width),
      bucket.tokens.begin() + static_cast<std::ptrdiff_t>((survivor + 1) * width));
  for (std::size_t i = 0; i < width; ++i)
    if (general[i] != line_[i]) general[i] = 0;
  std::size_t kept = 0;
  for (std::size_t row = 0; row < bucket.rows.size(); ++row) {
    const auto from = bucket.tokens.begin() + static_cast<std::ptrdiff_t>(row * width);
    if (row != survivor && covers(general.data(), &*from, width)) {
      alias(bucket.rows[row], index);
      continue;
    }
    const auto to = bucket.tokens.begin() + static_cast<std::ptrdiff_t>(kept * width);
    if (row == survivor)
      std::copy(general.begin(), general.end(), to);
    else if (kept != row)
      std::copy(from, from + static_cast<std::ptrdiff_t>(width), to);
    bucket.grown[kept] = bucket.grown[row] || row == survivor;
    bucket.rows[kept++] = bucket.rows[row];
  }
  bucket.grown.resize(kept);
  bucket.grown_count =
      static_cast<std::size_t>(std::count(bucket.grown.begin(), bucket.grown.end(), true));
  bucket.rows.resize(kept);
  bucket.tokens.resize(kept * width);
  rewrite(index, general.data(), width);
  return index;
}

TemplateSet::Index TemplateSet::restore(std::string_view birth_key, std::string_view text) {
  const Index index = add_template(birth_key, text);
  shapes_.put(hash64(birth_key), index);
  if (birth_key.empty() || birth_key == kSevereOverflow) {
    (birth_key.empty() ? overflow_ : severe_overflow_) = index;
    return index;
  }
  if (birth_key.starts_with(kKeyMark)) return index;
  const std::string_view trace = trace_of(birth_key);
  if (!trace.empty()) text.remove_suffix(std::min(trace.size() + 3, text.size()));
  tokenize(text);
  for (std::size_t i = 0; i < line_.size(); ++i)
    if (line_[i] == kUnknownToken) line_[i] = intern(parts_[i]);
  spaces_[index] = line_spaces_;
  Bucket& bucket =
      buckets_[hash64(trace, line_.size() * 2 + (birth_key.starts_with(kSevereMark) ? 1 : 0))];
  add_row(bucket, index, masked_head(birth_key) != text);
  return index;
}

TemplateSet::Index TemplateSet::restore_alias(std::string_view birth_key, std::string_view text,
                                              Index to) {
  const Index index = add_template(birth_key, text);
  templates_[index].alias_of = to;
  shapes_.put(hash64(birth_key), index);
  return index;
}

}  // namespace healer
