#include "repo/references.h"

#include <algorithm>
#include <array>

#include "repo/names.h"

namespace healer {
namespace {

constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kFallbackBytesMax = 256;
constexpr std::size_t kPerFileMax = 2'000;

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool quote_char(char c) { return c == '"' || c == '\'' || c == '`'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

std::string_view name_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && end - at < kNameBytesMax && name_char(text[end])) ++end;
  const auto name = text.substr(at, end - at);
  return !name.empty() && (name[0] < '0' || name[0] > '9') ? name : std::string_view();
}

// A literal: in quotes, or a bare number or word up to a delimiter.
std::optional<std::string> literal_at(std::string_view text, std::size_t at) {
  at = skip_blanks(text, at);
  if (at >= text.size()) return std::nullopt;
  if (quote_char(text[at])) {
    const std::size_t close = text.find(text[at], at + 1);
    const std::size_t line = text.find('\n', at);
    if (close > line || close - at > kFallbackBytesMax) return std::nullopt;
    return std::string(text.substr(at + 1, close - at - 1));
  }
  std::size_t end = at;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
  if (end == at) return std::nullopt;
  return std::string(text.substr(at, end - at));
}

// What stands behind the read: `, "5")`, `) || '5'`, `] ?? 5`, `) or "5"`, `.unwrap_or("5")`.
std::optional<std::string> fallback_at(std::string_view text, std::size_t at, bool closed) {
  at = skip_blanks(text, at);
  if (!closed && at < text.size() && text[at] == ',') return literal_at(text, at + 1);
  while (at < text.size() && (text[at] == ')' || text[at] == ']')) at = skip_blanks(text, at + 1);
  for (const std::string_view word : {"||", "??", "or ", ".unwrap_or(", "?:"})
    if (text.substr(std::min(at, text.size())).starts_with(word))
      return literal_at(text, at + word.size());
  return std::nullopt;
}

struct Opener {
  std::string_view text;
  bool quoted = true;  // the name stands in quotes behind it
};

constexpr std::array kOpeners{Opener{"getenv("},
                              Opener{"Getenv("},
                              Opener{"LookupEnv("},
                              Opener{"environ["},
                              Opener{"environ.get("},
                              Opener{
                                  "process.env[",
                              },
                              Opener{"process.env.", false},
                              Opener{"import.meta.env.", false},
                              Opener{"ENV["},
                              Opener{"ENV.fetch("},
                              Opener{"env::var("},
                              Opener{"env::var_os("},
                              Opener{"EnvironmentVariable("},
                              Opener{"env.get("},
                              Opener{"env("},
                              Opener{"$_ENV["}};

class Lines {  // counts lines as offsets go up
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  std::size_t at(std::size_t offset) {
    if (offset < at_) at_ = 0, line_ = 1;
    for (; at_ < offset; ++at_)
      if (text_[at_] == '\n') ++line_;
    return line_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0, line_ = 1;
};

void add(std::vector<EnvReference>& out, std::size_t first, EnvReference reference) {
  const bool known = std::any_of(
      out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
      [&](const EnvReference& r) { return r.line == reference.line && r.name == reference.name; });
  if (!known) out.push_back(std::move(reference));
}

}  // namespace

void find_env_reads(std::string_view file, std::string_view text, std::vector<EnvReference>& out) {
  if (text.find("env") == text.npos && text.find("ENV") == text.npos &&
      text.find("Env") == text.npos)
    return;
  const std::size_t first = out.size();
  for (const Opener& opener : kOpeners) {
    Lines lines(text);
    for (std::size_t hit = 0; (hit = text.find(opener.text, hit)) != std::string_view::npos;) {
      const std::size_t behind = hit + opener.text.size();
      const bool inside_word = opener.text == "env(" && hit > 0 && name_char(text[hit - 1]);
      std::size_t at = opener.quoted ? skip_blanks(text, behind) : behind;
      hit = behind;
      if (inside_word || at >= text.size()) continue;
      if (opener.quoted && !quote_char(text[at++])) continue;
      const auto name = name_at(text, at);
      const std::size_t end = at + name.size();
      if (name.empty() || (opener.quoted && (end >= text.size() || !quote_char(text[end]))))
        continue;
      add(out, first,
          {std::string(file), lines.at(behind), std::string(name),
           fallback_at(text, end + (opener.quoted ? 1 : 0), !opener.quoted)});
      if (out.size() - first >= kPerFileMax) return;
    }
  }
}

void find_placeholders(std::string_view file, std::string_view text,
                       std::vector<EnvReference>& out) {
  Lines lines(text);
  const std::size_t first = out.size();
  for (std::size_t hit = 0; (hit = text.find("${", hit)) != std::string_view::npos;) {
    std::size_t at = hit + 2;
    std::size_t end = at;
    while (end < text.size() && end - at < kNameBytesMax &&
           (name_char(text[end]) || text[end] == '.' ||
            (text[end] == '-' && text.substr(at, end - at).find('.') != std::string_view::npos)))
      ++end;
    const std::size_t begin = hit;
    hit = at;
    if (end == at || end >= text.size() || (text[at] >= '0' && text[at] <= '9')) continue;
    EnvReference reference{std::string(file), lines.at(begin),
                           std::string(text.substr(at, end - at)), std::nullopt};
    if (text[end] == ':' || text[end] == '-') {
      std::size_t from = end + 1;
      if (text[end] == ':' && from < text.size() && (text[from] == '-' || text[from] == '='))
        ++from;
      const std::size_t close = text.find_first_of("}\n", from);
      if (close == std::string_view::npos || text[close] != '}') continue;
      if (text[from] != '?') reference.fallback = std::string(text.substr(from, close - from));
    } else if (text[end] != '}') {
      continue;
    }
    add(out, first, std::move(reference));
    if (out.size() - first >= kPerFileMax) return;
  }
}

}  // namespace healer
