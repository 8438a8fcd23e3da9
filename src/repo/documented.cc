#include "repo/documented.h"

#include <algorithm>
#include <array>

#include "base/line_diff.h"
#include "repo/names.h"

namespace healer {
namespace {

using Kind = DocumentedValue::Kind;

constexpr std::size_t kLineBytesMax = 2'000;
constexpr std::size_t kPerFileMax = 2'000;
constexpr std::size_t kTextBytesMax = 300;  // kept of a line

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool word_char(char c) { return letter(c) || digit(c) || c == '_'; }

struct Phrase {
  std::string_view text;
  Kind kind = Kind::example;
};

// Longer ones first: "must be at least 5" is a bound, not the value "at".
constexpr std::array kPhrases{Phrase{"no less than", Kind::at_least},
                              Phrase{"not less than", Kind::at_least},
                              Phrase{"never below", Kind::at_least},
                              Phrase{"not below", Kind::at_least},
                              Phrase{"at least", Kind::at_least},
                              Phrase{"minimum of", Kind::at_least},
                              Phrase{"minimum", Kind::at_least},
                              Phrase{"min", Kind::at_least},
                              Phrase{">=", Kind::at_least},
                              Phrase{"no more than", Kind::at_most},
                              Phrase{"not more than", Kind::at_most},
                              Phrase{"never above", Kind::at_most},
                              Phrase{"not exceed", Kind::at_most},
                              Phrase{"at most", Kind::at_most},
                              Phrase{"up to", Kind::at_most},
                              Phrase{"maximum of", Kind::at_most},
                              Phrase{"maximum", Kind::at_most},
                              Phrase{"max", Kind::at_most},
                              Phrase{"<=", Kind::at_most},
                              Phrase{"defaults to", Kind::fallback},
                              Phrase{"default value is", Kind::fallback},
                              Phrase{"default is", Kind::fallback},
                              Phrase{"default", Kind::fallback},
                              Phrase{"recommended value is", Kind::recommended},
                              Phrase{"recommended value", Kind::recommended},
                              Phrase{"recommended", Kind::recommended},
                              Phrase{"recommend", Kind::recommended},
                              Phrase{"should be", Kind::recommended},
                              Phrase{"must be", Kind::recommended},
                              Phrase{"keep at", Kind::recommended},
                              Phrase{"keep it at", Kind::recommended},
                              Phrase{"production:", Kind::recommended},
                              Phrase{"needs", Kind::at_least},
                              Phrase{"for example", Kind::example},
                              Phrase{"example", Kind::example},
                              Phrase{"e.g.", Kind::example}};

// The value that begins at `at`: in quotes or backticks, or one word without its punctuation.
std::string_view value_at(std::string_view text, std::size_t at) {
  while (at < text.size() && std::string_view(" \t:=(").find(text[at]) != std::string_view::npos)
    ++at;
  if (at >= text.size()) return {};
  if (text[at] == '`' || text[at] == '"' || text[at] == '\'') {
    const std::size_t close = text.find(text[at], at + 1);
    return close == std::string_view::npos ? std::string_view()
                                           : text.substr(at + 1, close - at - 1);
  }
  std::size_t end = at;
  while (end < text.size() && std::string_view(" \t,;()[]|\"'`<>").find(text[end]) == text.npos)
    ++end;
  auto value = text.substr(at, end - at);
  while (!value.empty() && std::string_view(".:!?*").find(value.back()) != std::string_view::npos)
    value.remove_suffix(1);
  return value;
}

bool is_number(std::string_view value) {
  return !value.empty() &&
         (digit(value.front()) || (value.front() == '-' && value.size() > 1 && digit(value[1])));
}

// A word that can be a value and is not the next word of a sentence.
bool is_value_word(std::string_view value) {
  if (is_number(value)) return true;
  constexpr std::array<std::string_view, 12> kWords{"true", "false", "on",   "off",
                                                    "yes",  "no",    "info", "debug",
                                                    "warn", "error", "none", "unlimited"};
  if (std::ranges::find(kWords, lower_case(value)) != kWords.end()) return true;
  return value.find_first_of("/:_") != std::string_view::npos && value.size() > 2;
}

void phrases(std::string_view text, std::vector<Saying>& out) {
  const std::string lower = lower_case(text);
  std::size_t at = 0;
  while (at < lower.size()) {
    const bool begins = at == 0 || !word_char(lower[at - 1]);
    const auto hit =
        !begins ? kPhrases.end() : std::ranges::find_if(kPhrases, [&](const Phrase& p) {
          const std::size_t end = at + p.text.size();
          return std::string_view(lower).substr(at).starts_with(p.text) &&
                 (end >= lower.size() || !word_char(lower[end]) || !word_char(p.text.back()));
        });
    if (hit == kPhrases.end()) {
      ++at;
      continue;
    }
    at += hit->text.size();
    // "min:5", "default 5", "max = 5" and "max. 5": what lies between is no word.
    std::size_t from = at;
    if (from < text.size() && text[from] == '.') ++from;
    const auto value = value_at(text, from);
    const bool bound = hit->kind == Kind::at_least || hit->kind == Kind::at_most;
    if (bound ? is_number(value) : is_value_word(value))
      out.push_back({hit->kind, std::string(value)});
  }
}

bool is_part(const RepoSetting& setting) {
  return !setting.prefix.empty() || !setting.suffix.empty();
}

// "10-50", "10..50", "between 10 and 50", "20 or more".
void ranges(std::string_view text, std::vector<Saying>& out) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!digit(text[at]) ||
        (at > 0 && (word_char(text[at - 1]) || text[at - 1] == '-' || text[at - 1] == '.' ||
                    text[at - 1] == ':' || text[at - 1] == '/')))
      continue;
    std::size_t end = at;
    while (end < text.size() && digit(text[end])) ++end;
    const auto low = text.substr(at, end - at);
    const auto rest = text.substr(end);
    for (const std::string_view joint : {"-", "..", "–", " - ", " to ", " and "}) {
      if (!rest.starts_with(joint)) continue;
      if (joint == " and " && lower_case(text.substr(0, at)).find("between") == text.npos) continue;
      const std::size_t from = end + joint.size();
      std::size_t stop = from;
      while (stop < text.size() && digit(text[stop])) ++stop;
      const bool alone = stop == text.size() || (!word_char(text[stop]) && text[stop] != '-' &&
                                                 text[stop] != ':' && text[stop] != '/');
      if (stop == from || !alone) continue;
      out.push_back({Kind::at_least, std::string(low)});
      out.push_back({Kind::at_most, std::string(text.substr(from, stop - from))});
      end = stop;
      break;
    }
    for (const std::string_view more : {" or more", " or above", " or higher", "+ "})
      if (rest.starts_with(more)) out.push_back({Kind::at_least, std::string(low)});
    for (const std::string_view less : {" or less", " or fewer", " or below", " or lower"})
      if (rest.starts_with(less)) out.push_back({Kind::at_most, std::string(low)});
    at = end;
  }
}

std::string kept(std::string_view line) {
  line = trimmed(line);
  return std::string(line.substr(0, kTextBytesMax));
}

std::string_view without_marks(std::string_view cell) {
  cell = trimmed(cell);
  while (!cell.empty() && std::string_view("`*\"' ").find(cell.front()) != cell.npos)
    cell.remove_prefix(1);
  while (!cell.empty() && std::string_view("`*\"' ").find(cell.back()) != cell.npos)
    cell.remove_suffix(1);
  return cell;
}

// POOL_SIZE, pool.size, pool-size or maxConnections: not a plain word of a sentence.
bool is_setting_name(std::string_view text) {
  if (text.size() < 3 || text.size() > 100 || !(letter(text.front()) || text.front() == '-'))
    return false;
  bool joint = false, small = false, camel = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!word_char(c) && c != '.' && c != '-') return false;
    joint = joint || ((c == '_' || c == '.' || c == '-') && i > 0 && i + 1 < text.size());
    small = small || (c >= 'a' && c <= 'z');
    camel = camel || (small && c >= 'A' && c <= 'Z');
  }
  return joint || camel || !small;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> out;
  line = trimmed(line);
  if (line.starts_with('|')) line.remove_prefix(1);
  if (line.ends_with('|')) line.remove_suffix(1);
  std::size_t at = 0;
  for (std::size_t bar; (bar = line.find('|', at)) != std::string_view::npos; at = bar + 1)
    out.push_back(line.substr(at, bar - at));
  out.push_back(line.substr(at));
  return out;
}

std::optional<Kind> kind_of_column(std::string_view title) {
  const std::string lower = lower_case(title);
  auto has = [&](std::string_view word) { return lower.find(word) != lower.npos; };
  if (has("recommend") || has("production")) return Kind::recommended;
  if (has("default")) return Kind::fallback;
  if (has("minimum") || lower == "min") return Kind::at_least;
  if (has("maximum") || lower == "max") return Kind::at_most;
  if (has("example") || lower == "value") return Kind::example;
  return std::nullopt;
}

class Document {
 public:
  Document(std::string_view file, std::vector<DocumentedValue>& out)
      : file_(file), out_(out), first_(out.size()) {}

  void read(std::string_view text) {
    for (const std::string_view line : split_lines(text)) {
      ++number_;
      if (line.size() > kLineBytesMax || out_.size() - first_ > kPerFileMax) continue;
      const auto body = trimmed(line);
      if (body.starts_with('|')) {
        row(body);
        continue;
      }
      columns_.clear();
      if (!assignment(body)) sentence(body);
    }
  }

 private:
  void add(std::string_view name, Kind kind, std::string_view value, std::string_view line) {
    if (value.empty() || value == "-" || value == "–" || value == "—") return;
    out_.push_back(
        {std::string(file_), number_, std::string(name), kind, std::string(value), kept(line)});
  }

  void row(std::string_view line) {
    const auto cells = cells_of(line);
    if (columns_.empty()) {
      for (const auto cell : cells) columns_.push_back(kind_of_column(without_marks(cell)));
      return;
    }
    const auto name = without_marks(cells[0]);
    if (cells.size() < 2 || !is_setting_name(name) || name.starts_with("--")) {
      if (cells.size() < 2 || !name.starts_with("--") || name.starts_with("---")) return;
    }
    for (std::size_t i = 1; i < cells.size(); ++i) {
      const auto column = i < columns_.size() ? columns_[i] : std::nullopt;
      const auto cell = without_marks(cells[i]);
      if (column && cell.find(' ') == std::string_view::npos) {
        add(name, *column, cell, line);
        continue;
      }
      for (const Saying& saying : sayings(cells[i])) add(name, saying.kind, saying.value, line);
    }
  }

  // NAME=value, `export NAME=value`, `- NAME=value`, in code or between backticks.
  bool assignment(std::string_view line) {
    for (const std::string_view lead : {"$ ", "- ", "* ", "export ", "ENV ", "-e ", "`"})
      if (line.starts_with(lead)) line = trimmed(line.substr(lead.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    const auto name = trimmed(line.substr(0, equals));
    if (!is_setting_name(name)) return false;
    std::string_view value = trimmed(line.substr(equals + 1));
    std::string_view rest;
    if (const std::size_t hash = value.find(" #"); hash != std::string_view::npos) {
      rest = value.substr(hash + 2);
      value = value.substr(0, hash);
    }
    value = without_marks(value);
    if (value.find(' ') != std::string_view::npos || value.starts_with('=')) return false;
    add(name, Kind::example, value, line);
    for (const Saying& saying : sayings(rest)) add(name, saying.kind, saying.value, line);
    return true;
  }

  // "`POOL_SIZE` must be at least 10": the first name of the line is what it speaks of.
  void sentence(std::string_view line) {
    std::string_view name;
    std::size_t behind = 0;
    for (std::size_t at = 0; at < line.size() && name.empty(); ++at) {
      const bool tick = line[at] == '`';
      if (!tick && !(letter(line[at]) && (at == 0 || !word_char(line[at - 1])))) continue;
      const std::size_t from = at + (tick ? 1 : 0);
      std::size_t end = from;
      while (end < line.size() && (word_char(line[end]) || line[end] == '.' || line[end] == '-'))
        ++end;
      auto word = line.substr(from, end - from);
      while (word.ends_with('.') || word.ends_with('-')) word.remove_suffix(1);
      const bool shout = std::ranges::none_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
      const bool named = tick ? is_setting_name(word) && end < line.size() && line[end] == '`'
                              : shout && word.find('_') != word.npos && is_setting_name(word);
      if (named) name = word, behind = end;
      if (tick && !named) {
        const std::size_t close = line.find('`', from);
        at = close == std::string_view::npos ? line.size() : close;
      }
    }
    if (name.empty()) return;
    for (const Saying& saying : sayings(line.substr(behind)))
      add(name, saying.kind, saying.value, line);
  }

  std::string_view file_;
  std::vector<DocumentedValue>& out_;
  std::size_t first_, number_ = 0;
  std::vector<std::optional<Kind>> columns_;
};

}  // namespace

std::vector<Saying> sayings(std::string_view text) {
  std::vector<Saying> out;
  if (text.size() > kLineBytesMax) return out;
  phrases(text, out);
  ranges(text, out);
  return out;
}

void read_document(std::string_view file, std::string_view text,
                   std::vector<DocumentedValue>& out) {
  Document(file, out).read(text);
}

void read_comments(const std::vector<RepoSetting>& settings, std::vector<DocumentedValue>& out) {
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const RepoSetting* one = &settings[i];
    if (one->setting.comment.empty() || is_part(*one)) continue;
    // The comment beside an item NAME=value speaks of NAME.
    const bool item = i + 1 < settings.size() && is_part(settings[i + 1]) &&
                      settings[i + 1].suffix.empty() &&
                      settings[i + 1].prefix == settings[i + 1].name + "=";
    if (item) one = &settings[i + 1];
    for (const std::string_view line : split_lines(one->setting.comment)) {
      auto add = [&](Kind kind, std::string value) {
        out.push_back(
            {one->file, one->setting.line, one->name, kind, std::move(value), kept(line)});
      };
      for (Saying& saying : sayings(line)) add(saying.kind, std::move(saying.value));
      const std::size_t equals = line.find_first_of("=:");
      if (equals != std::string_view::npos &&
          trimmed(line.substr(0, equals)) == path_leaf(one->name))
        if (const auto value = value_at(line, equals + 1); !value.empty())
          add(Kind::example, std::string(value));
    }
  }
}

void read_example(const std::vector<RepoSetting>& settings, std::vector<DocumentedValue>& out) {
  for (const RepoSetting& one : settings)
    if (!one.value.empty())
      out.push_back({one.file, one.setting.line, one.name, Kind::example, one.value,
                     kept(path_leaf(one.name) + " = " + one.value)});
}

}  // namespace healer
