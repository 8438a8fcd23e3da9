#include <algorithm>

#include "edit/tree.h"

namespace healer::edit {
namespace {

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

std::string unescaped(std::string_view inner) {
  std::string out;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\' || i + 1 == inner.size()) {
      out += inner[i];
      continue;
    }
    const char c = inner[++i];
    if (c == 'n')
      out += '\n';
    else if (c == 'r')
      out += '\r';
    else if (c == 't')
      out += '\t';
    else if (c == '"' || c == '\\' || c == '$' || c == '`')
      out += c;
    else
      (out += '\\') += c;
  }
  return out;
}

// The value at `at` of one line (quoted ones may go over several); returns where it ends.
Result<std::size_t> read_value(std::string_view text, std::size_t at, Node& node) {
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    const char quote = text[at];
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != quote)
      end += text[end] == '\\' && quote == '"' ? 2U : 1U;
    if (end >= text.size()) return syntax_error(text, at, "a quote is not closed");
    const std::string_view inner = text.substr(at + 1, end - at - 1);
    node.quote = quote;
    node.value = quote == '"' ? unescaped(inner) : std::string(inner);
    node.span = {at, end + 1 - at};
    const std::size_t rest = skip_blanks(text, end + 1);
    if (rest < line_end(text, end) && text[rest] != '#')
      return syntax_error(text, rest, "text behind a closing quote");
    return end + 1;
  }
  const std::size_t stop = line_end(text, at);
  std::size_t end = at;
  while (end < stop &&
         !(text[end] == '#' && end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t')))
    ++end;
  while (end > at && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
  node.value = text.substr(at, end - at);
  node.span = {at, end - at};
  node.scalar = kind_of_text(node.value);
  return stop;
}

Result<Tree> read(std::string_view text) {
  Tree tree;
  tree.nodes.emplace_back().kind = NodeKind::map;
  std::size_t at = bom_length(text);
  while (at < text.size()) {
    const std::size_t start = skip_blanks(text, at);
    const std::size_t stop = line_end(text, at);
    if (start >= stop || text[start] == '#') {
      at = next_line(text, at);
      continue;
    }
    std::size_t name = start;
    if (text.substr(start).starts_with("export ")) name = skip_blanks(text, start + 7);
    std::size_t end = name;
    while (end < stop && name_char(text[end])) ++end;
    const std::size_t equals = skip_blanks(text, end);
    if (end == name || equals >= stop || text[equals] != '=')
      return syntax_error(text, start, "not NAME=value");
    Node node;
    node.key = node.path = text.substr(name, end - name);
    node.key_span = {name, end - name};
    // Blanks before the '#' of a comment are not a value's start.
    std::size_t value = skip_blanks(text, equals + 1);
    if (value >= stop || text[value] == '#')
      value = value >= stop || value > equals + 1 ? equals + 1 : value;
    const std::size_t behind = TRY(read_value(text, value, node));
    tree.nodes.push_back(std::move(node));
    at = next_line(text, behind);
  }
  return tree;
}

// `value` in quotes that give it back in a shell, in docker and in the dotenv libraries.
std::string written(std::string_view value, char quote) {
  const bool bare_ok = value.find_first_of(" \t\r\n#'\"\\$`;&|<>()") == std::string_view::npos;
  if (quote == 0 && bare_ok) return std::string(value);
  const bool literal = quote == '\'' || (quote == 0 && value.find_first_of("$`\\") != value.npos);
  if (literal && value.find_first_of("'\r\n") == std::string_view::npos)
    return "'" + std::string(value) + "'";
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\r') {
      out += "\\r";
      continue;
    }
    if (c == '"' || c == '\\' || c == '`') out += '\\';
    out += c;
  }
  return out + "\"";
}

Result<Splice> set(std::string_view, const Tree& tree, std::size_t at, std::string_view value) {
  const Node& node = tree.nodes[at];
  if (value.find('\0') != std::string_view::npos)
    return fail(Errc::invalid_input, "the new value has a NUL byte");
  return Splice{node.span, written(value, node.quote)};
}

Result<Splice> add(std::string_view text, const Tree& tree, std::size_t, std::string_view key,
                   std::string_view value) {
  if (key.empty() || !std::ranges::all_of(key, name_char))
    return fail(Errc::invalid_input, "\"" + std::string(key) + "\" is not a variable's name");
  bool exported = tree.nodes.size() > 1;
  char quote = 0;
  bool all_quoted = tree.nodes.size() > 1;
  for (std::size_t i = 1; i < tree.nodes.size(); ++i) {
    const std::size_t name = tree.nodes[i].key_span.offset;
    exported =
        exported && !is_blank(text.substr(line_start(text, name), name - line_start(text, name)));
    all_quoted = all_quoted && tree.nodes[i].quote != 0;
    quote = tree.nodes[i].quote;
  }
  const std::string line = (exported ? "export " : "") + std::string(key) + "=" +
                           written(value, all_quoted ? quote : '\0');
  if (tree.nodes.size() == 1) return insert_line_after(text, text.size(), line);
  return insert_line_after(text, tree.end_of(tree.nodes.size() - 1), line);
}

Result<Splice> remove(std::string_view text, const Tree& tree, std::size_t at) {
  const std::size_t start = line_start(text, tree.nodes[at].key_span.offset);
  const std::size_t end = next_line(text, tree.end_of(at));
  return remove_lines(text, start, end);
}

}  // namespace

const FormatOps kEnv{read, set, add, remove, "#", "#", false};

}  // namespace healer::edit
