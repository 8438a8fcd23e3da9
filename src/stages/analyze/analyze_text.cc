#include <algorithm>
#include <array>
#include <cctype>

#include "stages/analyze/analyze.h"
#include "types/mask.h"

namespace healer {
namespace {

// Of a longer text its head and its end, where the cause often stands, decide.
constexpr std::size_t kHeadBytesMax = 12 * 1024, kTailBytesMax = 4 * 1024;
constexpr std::size_t kSummaryBytesMax = 200;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return out;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// How often a phrase stands in the text as whole words; the last word may go on ("connect" in
// "connection").
int occurrences(std::string_view text, std::string_view phrase) {
  int out = 0;
  for (std::size_t at = text.find(phrase); at != std::string_view::npos && out < 3;
       at = text.find(phrase, at + phrase.size()))
    if (at == 0 || !is_word(text[at - 1]) || !is_word(phrase.front())) ++out;
  return out;
}

bool has_any(std::string_view text, const std::vector<std::string>& phrases) {
  return std::ranges::any_of(phrases,
                             [&](const auto& phrase) { return occurrences(text, phrase) > 0; });
}

// True where the text, no warning by its level, says that a failure is over or did not happen.
bool is_over(std::string_view text, Level level, const Lexicon& lexicon) {
  if (level >= Level::warning) return false;
  return has_any(lower(text.substr(0, text.find('\n'))), lexicon.over);
}

// Inserts {name} from the captured groups.
std::string fill(std::string_view text, const std::map<std::string, std::string>& parameters) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t close = text[at] == '{' ? text.find('}', at) : std::string_view::npos;
    if (close == std::string_view::npos) {
      out += text[at];
      continue;
    }
    const auto it = parameters.find(std::string(text.substr(at + 1, close - at - 1)));
    out += it != parameters.end() ? it->second : "…";
    at = close;
  }
  return out;
}

// The line that says most: the innermost cause, else the first line that names a failure, else the
// first.
std::string_view telling_line(std::string_view text, const Lexicon& lexicon) {
  std::string_view first, failing, cause;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front())) != 0)
      line.remove_prefix(1);
    if (line.empty()) continue;
    if (first.empty()) first = line;
    if (line.starts_with("Caused by:") || line.starts_with("panic:")) cause = line;
    if (failing.empty() &&
        (has_any(lower(line), lexicon.failing) || has_any(lower(line), lexicon.critical)))
      failing = line;
  }
  return !cause.empty() ? cause : !failing.empty() ? failing : first;
}

std::string summarise(std::string_view text, const Lexicon& lexicon) {
  std::string out = mask(telling_line(text, lexicon)).str();
  if (out.size() > kSummaryBytesMax) {
    std::size_t cut = kSummaryBytesMax;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xc0) == 0x80) --cut;
    out = out.substr(0, cut) + "…";
  }
  return out;
}

int status_at(std::string_view text, std::size_t at) {
  const std::string_view digits = text.substr(std::min(at, text.size()), 4);
  const auto is_digit = [&](std::size_t i) { return digits[i] >= '0' && digits[i] <= '9'; };
  if (digits.size() < 3 || !is_digit(0) || !is_digit(1) || !is_digit(2)) return 0;
  if ((digits.size() == 4 && is_digit(3)) || digits[0] < '1' || digits[0] > '5') return 0;
  return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

// The status that an access log notes behind the request, as in `HTTP/1.1" 502 157`; 0 if the text
// is no such line. What the request names says nothing then.
int access_status(std::string_view text) {
  constexpr std::string_view kEnd = "\" ";
  for (std::string_view verb :
       {"\"get /", "\"post /", "\"put /", "\"delete /", "\"head /", "\"patch /", "\"options "}) {
    const std::size_t begin = text.find(verb);
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('"', begin + 1);
    if (end != std::string_view::npos && text.substr(end, kEnd.size()) == kEnd)
      return status_at(text, end + kEnd.size());
  }
  return 0;
}

// The HTTP status code that the text names, as in `status=502` or `404 for /a`; 0 if there is none.
int http_status(std::string_view text) {
  for (std::string_view before : {"status=", "status: ", "status code ", "http "}) {
    const std::size_t at = text.rfind(before);
    if (at == std::string_view::npos) continue;
    if (const int status = status_at(text, at + before.size()); status != 0) return status;
  }
  for (std::string_view after : {" for /", " not found"}) {
    const std::size_t at = text.find(after);
    if (at == std::string_view::npos || at < 3 || (at > 3 && is_word(text[at - 4]))) continue;
    if (const int status = status_at(text, at - 3); status != 0) return status;
  }
  return 0;
}

struct Guess {
  Severity severity = Severity::low;
  double confidence = 0.5;
};

Guess severity_by_words(std::string_view text, Level level, const Lexicon& lexicon) {
  const bool critical = has_any(text, lexicon.critical), failing = has_any(text, lexicon.failing),
             benign = has_any(text, lexicon.benign);
  if (const int noted = access_status(text); noted != 0)
    return {noted >= 500 ? Severity::high : Severity::low, 0.75};
  if (is_over(text, level, lexicon)) return {Severity::low, 0.75};
  const int status = http_status(text);
  if (status >= 500) return {Severity::high, 0.7};
  if (status >= 400 && !critical) return {Severity::low, 0.65};
  if (status >= 200 && !failing && !critical) return {Severity::low, 0.75};
  if (benign && !critical) return {Severity::low, level >= Level::warning ? 0.5 : 0.75};
  switch (level) {
    case Level::critical: return {Severity::critical, critical ? 0.75 : 0.6};
    case Level::error:
      return critical ? Guess{Severity::critical, 0.6} : Guess{Severity::high, failing ? 0.7 : 0.6};
    case Level::warning:
      return critical ? Guess{Severity::high, 0.5} : Guess{Severity::medium, 0.65};
    case Level::notice:
    case Level::info:
    case Level::debug:
    case Level::trace:
      if (critical) return {Severity::high, 0.45};
      return failing ? Guess{Severity::medium, 0.45} : Guess{Severity::low, 0.8};
    case Level::unknown: break;
  }
  if (critical) return {Severity::critical, 0.5};
  return failing ? Guess{Severity::high, 0.5} : Guess{Severity::low, 0.6};
}

// The category with the most evidence; application where nothing speaks.
Category category_by_words(std::string_view text, const Lexicon& lexicon, double& margin) {
  std::array<double, NamesOf<Category>::names.size()> scores{};
  for (const auto& [category, words] : lexicon.words)
    for (const auto& [phrase, weight] : words)
      scores[static_cast<std::size_t>(category)] += weight * occurrences(text, phrase);
  const auto best = std::ranges::max_element(scores);
  double second = 0;
  for (const double& score : scores)
    if (&score != &*best) second = std::max(second, score);
  margin = *best - second;
  if (*best > 0) return static_cast<Category>(best - scores.begin());
  const int status = access_status(text);
  return status == 502 || status == 504 ? Category::network : Category::application;
}

Analysis from_entry(const Knowledge& knowledge, const Knowledge::Match& match,
                    std::string_view text, Level level) {
  const KnowledgeEntry& entry = *match.entry;
  Analysis out;
  out.severity = entry.severity;
  for (const auto& shift : entry.lower)
    if (knowledge.occurs(shift.pattern, text)) {
      out.severity = shift.severity;
      break;
    }
  for (const auto& shift : entry.raise)
    if (knowledge.occurs(shift.pattern, text)) {
      out.severity = shift.severity;
      break;
    }
  out.category = entry.category;
  if (is_over(text, level, knowledge.lexicon())) out.severity = Severity::low;
  // "Connection restored" and the like: the text speaks of the failure but does not report it.
  if (out.severity == Severity::low && entry.severity > Severity::low) {
    out.summary = summarise(text, knowledge.lexicon());
  } else {
    out.summary = mask(fill(entry.summary, match.parameters)).str();
    out.suggested_fix = mask(fill(entry.fix, match.parameters)).str();
  }
  if (!entry.files.empty()) out.affected_file = entry.files.front();
  out.knowledge = entry.id;
  for (const auto& [name, value] : match.parameters) out.parameters[name] = mask(value).str();
  out.confidence = entry.id.starts_with("fallback.")  ? 0.7
                   : entry.id.starts_with("generic.") ? 0.8
                                                      : 0.9;
  return out;
}

// Its head and its end, where a text is long.
std::string_view shortened(std::string_view text, std::string& kept) {
  if (text.size() <= kHeadBytesMax + kTailBytesMax) return text;
  kept.append(text.substr(0, kHeadBytesMax)).push_back('\n');
  kept.append(text.substr(text.size() - kTailBytesMax));
  return kept;
}

Analysis from_words(const Lexicon& lexicon, std::string_view text, Level level) {
  const std::string words = lower(text);
  double margin = 0;
  Analysis out;
  const Guess guess = severity_by_words(words, level, lexicon);
  out.severity = guess.severity;
  out.category = category_by_words(words, lexicon, margin);
  out.confidence = guess.confidence + (margin >= 2 ? 0.05 : margin > 0 ? 0 : -0.05);
  out.summary = summarise(text, lexicon);
  return out;
}

RuleOpinion opinion_of(const Analysis& analysis, const KnowledgeEntry* entry, Level level) {
  using enum RuleOpinion::Source;
  return {.source = entry == nullptr              ? words
                    : entry->vague                ? vague
                    : entry->product == "generic" ? generic
                                                  : product,
          .severity = analysis.severity,
          .category = analysis.category,
          .level = level};
}

struct Ruled {
  Analysis analysis;
  RuleOpinion opinion;
};

Ruled by_rules(const Knowledge& knowledge, std::string_view text, Level level) {
  const auto match = knowledge.best(text);
  Ruled out;
  out.analysis = match ? from_entry(knowledge, *match, text, level)
                       : from_words(knowledge.lexicon(), text, level);
  out.opinion = opinion_of(out.analysis, match ? match->entry : nullptr, level);
  return out;
}

template <class E, std::size_t N>
E likeliest(const std::array<double, N>& probabilities) {
  return static_cast<E>(std::ranges::max_element(probabilities) - probabilities.begin());
}

// Where its writer's level and the rules agree on an error, or on none, the classifier must be near
// to certain to say otherwise: a stream holds many lines of kinds that it was never shown.
Severity careful(Severity said, const Probabilities& found, const RuleOpinion& opinion) {
  constexpr double kCertain = 0.8;
  const double low = found.severity[static_cast<std::size_t>(Severity::low)];
  const bool bad = opinion.level >= Level::error && opinion.severity >= Severity::high;
  if (bad && said == Severity::low && low < kCertain) return Severity::medium;
  const bool calm = opinion.level > Level::unknown && opinion.level < Level::warning &&
                    opinion.severity == Severity::low;
  return calm && low > 1 - kCertain ? Severity::low : said;
}

// What an entry knows holds; of a vague one's labels and of words alone the most probable ones.
void weigh(const Classifier& classifier, std::string_view text, const RuleOpinion& opinion,
           Analysis& out) {
  using enum RuleOpinion::Source;
  const Probabilities found = classifier.judge(text, opinion);
  if (opinion.source == words || opinion.source == vague) {
    out.severity = careful(likeliest<Severity>(found.severity), found, opinion);
    out.category = likeliest<Category>(found.category);
  }
  const double probable = found.category[static_cast<std::size_t>(out.category)];
  const bool agreed = opinion.source != words && out.category == opinion.category;
  out.confidence = agreed ? std::max(out.confidence, probable) : probable;
}

}  // namespace

RuleOpinion rule_opinion(const Knowledge& knowledge, std::string_view text, Level level) {
  std::string kept;
  return by_rules(knowledge, shortened(text, kept), level).opinion;
}

Analysis analyze_text(const Knowledge& knowledge, std::string_view text, Level level,
                      std::string_view whole) {
  std::string kept, whole_kept;
  whole = shortened(whole.empty() ? text : whole, whole_kept);
  text = shortened(text, kept);
  auto [out, opinion] = by_rules(knowledge, text, level);
  if (knowledge.classifier() != nullptr) weigh(*knowledge.classifier(), whole, opinion, out);
  const auto& fixes = knowledge.lexicon().fixes;
  const auto fix = fixes.find(out.category);
  if (out.suggested_fix.empty() && out.severity >= Severity::medium && fix != fixes.end())
    out.suggested_fix = fix->second;
  if (const std::string own = own_frame_file(text); !own.empty()) out.affected_file = own;
  out.uncertain = out.confidence < kConfidenceMin;
  out.brain = "embedded";
  return out;
}

}  // namespace healer
