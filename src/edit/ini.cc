#include <algorithm>
#include <map>

#include "edit/tree.h"

namespace healer::edit {
namespace {

bool blank_char(char c) { return c == ' ' || c == '\t'; }

std::string_view rtrim(std::string_view text) {
  while (!text.empty() && (blank_char(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && blank_char(text[at])) ++at;
  return at;
}

bool is_comment(std::string_view line) {
  return !line.empty() && (line.front() == '#' || line.front() == ';');
}

// systemd, my.cnf, git, Python's configparser, postgresql.conf and their kin. Strict about what
// none of them writes, so that nginx and other block languages are refused, not misread.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    tree_.nodes.emplace_back().kind = NodeKind::map;
  }

  Result<Tree> read() {
    std::size_t at = bom_length(text_);
    while (at < text_.size()) {
      const std::size_t start = skip_blanks(text_, at);
      const std::size_t stop = line_end(text_, at);
      const std::string_view line =
          start < stop ? rtrim(text_.substr(start, stop - start)) : std::string_view();
      if (line.empty() || is_comment(line)) {
        if (line.empty()) continues_ = false;
      } else if (may_continue_ && (continues_ || start - at > indent_)) {
        continue_value(start, line);
      } else if (line.front() == '[') {
        TRY(section(start, line));
      } else {
        TRY(key(at, start, line));
      }
      at = next_line(text_, at);
    }
    if (units_) number_repeats();
    return std::move(tree_);
  }

 private:
  // In a systemd unit a key may stand several times and each counts: key[0], key[1], …
  void number_repeats() {
    std::map<std::string, std::vector<std::size_t>> places;
    for (std::size_t i = 1; i < tree_.nodes.size(); ++i)
      if (tree_.nodes[i].kind == NodeKind::scalar) places[tree_.nodes[i].path].push_back(i);
    for (const auto& [path, nodes] : places)
      for (std::size_t n = 0; nodes.size() > 1 && n < nodes.size(); ++n)
        tree_.nodes[nodes[n]].path = join_index(path, n);
  }

  // An indented line below a key, or one behind a backslash: part of that key's value.
  void continue_value(std::size_t start, std::string_view line) {
    Node& node = tree_.nodes.back();
    node.value += "\n";
    node.value += line;
    node.span.length = start + line.size() - node.span.offset;
    node.scalar = ScalarKind::string;
    node.quote = 0;
    node.locked = "goes over several lines";
    continues_ = line.ends_with('\\');
  }

  Result<void> section(std::size_t start, std::string_view line) {
    const std::size_t close = line.find(']');
    if (close == std::string_view::npos || close < 2)
      return syntax_error(text_, start, "a section without its ']'");
    const std::size_t rest = skip_blanks(line, close + 1);
    if (rest < line.size() && !is_comment(line.substr(rest)))
      return syntax_error(text_, start, "text behind a section");
    Node node;
    node.kind = NodeKind::map;
    node.key = line.substr(1, close - 1);
    node.path = path_step(node.key);
    node.key_span = {start, close + 1};
    node.span = {start + close + 1, 0};
    units_ = units_ || node.key == "Unit" || node.key == "Service";
    section_ = tree_.nodes.size();
    tree_.nodes.push_back(std::move(node));
    may_continue_ = false;
    return {};
  }

  Result<void> key(std::size_t line_begin, std::size_t start, std::string_view line) {
    const std::size_t equals = line.find('='), colon = line.find(':');
    std::size_t separator = std::min(equals, colon);
    // "a b: c" is prose or another language; "a b = c" is a key of two words.
    if (colon < equals && rtrim(line.substr(0, colon)).find_first_of(" \t") != line.npos)
      separator = equals;
    const std::string_view name = rtrim(line.substr(0, separator));
    if (name.empty() || name.find_first_of("{}()<>\"'`#;") != std::string_view::npos)
      return syntax_error(text_, start, "not key = value");
    if (separator == std::string_view::npos &&
        (section_ == 0 || name.find_first_of(" \t/.,") != std::string_view::npos))
      return syntax_error(text_, start, "not key = value");
    Node node;
    node.key = name;
    node.path = section_ == 0 ? path_step(name) : join_key(tree_.nodes[section_].path, name);
    node.key_span = {start, name.size()};
    node.parent = section_;
    if (separator == std::string_view::npos) {
      node.scalar = ScalarKind::null;
      node.span = {start + name.size(), 0};
      node.locked = "has no value";
    } else {
      value(node, start, line, separator + 1);
    }
    tree_.nodes.push_back(std::move(node));
    may_continue_ = true;
    continues_ = line.ends_with('\\');
    indent_ = start - line_begin;
    return {};
  }

  static void value(Node& node, std::size_t start, std::string_view line, std::size_t from) {
    std::size_t at = skip_blanks(line, from);
    if (at == line.size()) at = from;
    std::size_t end = line.size();
    const bool quoted = at < end && (line[at] == '"' || line[at] == '\'');
    const std::size_t close = quoted ? line.find(line[at], at + 1) : std::string_view::npos;
    if (close != std::string_view::npos) {
      const std::size_t rest = skip_blanks(line, close + 1);
      if (rest == line.size() || is_comment(line.substr(rest))) {
        node.quote = line[at];
        node.value = line.substr(at + 1, close - at - 1);
        node.span = {start + at, close + 1 - at};
        return;
      }
    }
    // "color = #fff" has a value, "color = # none" a comment.
    for (std::size_t i = at; i < end; ++i) {
      const bool word = i == at && i + 1 < line.size() && !blank_char(line[i + 1]);
      if (is_comment(line.substr(i)) && blank_char(line[i - 1]) && !word) end = i;
    }
    while (end > at && blank_char(line[end - 1])) --end;
    if (end == at) at = end = from;
    node.value = line.substr(at, end - at);
    node.span = {start + at, end - at};
    node.scalar = kind_of_text(node.value);
  }

  std::string_view text_;
  Tree tree_;
  std::size_t section_ = 0;
  bool units_ = false;         // a systemd unit
  bool may_continue_ = false;  // the last line was a key
  bool continues_ = false;     // … and ended with a backslash
  std::size_t indent_ = 0;
};

Result<Tree> read(std::string_view text) { return Reader(text).read(); }

Result<std::string> written(std::string_view value, char quote) {
  if (value.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos)
    return fail(Errc::unsupported, "an INI value is one line");
  if (quote != 0 && value.find(quote) == std::string_view::npos)
    return quote + std::string(value) + quote;
  const bool plain =
      value.empty() ||
      (!blank_char(value.front()) && !blank_char(value.back()) && value.front() != '"' &&
       value.front() != '\'' && value.back() != '\\' && !is_comment(value) &&
       value.find(" #") == std::string_view::npos && value.find(" ;") == std::string_view::npos);
  if (plain && quote == 0) return std::string(value);
  for (const char q : {'"', '\''})
    if (value.find(q) == std::string_view::npos) return q + std::string(value) + q;
  return fail(Errc::unsupported, "the new value has both kinds of quotes");
}

Result<Splice> set(std::string_view text, const Tree& tree, std::size_t at,
                   std::string_view value) {
  const Node& node = tree.nodes[at];
  const std::size_t from = node.span.offset;
  // "key =" gets a blank, as "key = value" would have one.
  const bool blank =
      node.span.length == 0 && from > 1 && text[from - 1] == '=' && blank_char(text[from - 2]);
  const std::string text_of_value = TRY(written(value, node.quote));
  return Splice{node.span, (blank ? " " : "") + text_of_value};
}

Result<Splice> add(std::string_view text, const Tree& tree, std::size_t parent,
                   std::string_view key, std::string_view value) {
  auto siblings = tree.children(parent);
  std::erase_if(siblings, [&](std::size_t i) { return tree.nodes[i].kind == NodeKind::map; });
  std::string equals = " = ", indent;
  char quote = 0;
  bool all_quoted = !siblings.empty();
  // Without a sibling of its own, a new key looks like the file's others.
  std::vector<std::size_t> models = siblings;
  for (std::size_t i = 1; models.empty() && i < tree.nodes.size(); ++i)
    if (tree.nodes[i].kind == NodeKind::scalar) models.push_back(i);
  for (const std::size_t i : models) {
    const Node& model = tree.nodes[i];
    const std::size_t start = line_start(text, model.key_span.offset);
    const std::size_t behind = model.key_span.offset + model.key_span.length;
    indent = text.substr(start, model.key_span.offset - start);
    if (model.span.length != 0 && model.locked.empty())
      equals = text.substr(behind, model.span.offset - behind);
    all_quoted = all_quoted && model.quote != 0;
    quote = model.quote;
  }
  const std::string text_of_value = TRY(written(value, all_quoted ? quote : '\0'));
  const std::string line = indent + std::string(key) + equals + text_of_value;
  if (!siblings.empty()) return insert_line_after(text, tree.end_of(siblings.back()), line);
  if (parent != 0) return insert_line_after(text, tree.nodes[parent].span.offset, line);
  if (tree.nodes.size() == 1) return insert_line_after(text, text.size(), line);
  const std::string newline(newline_of(text));
  return Splice{{line_start(text, tree.nodes[1].key_span.offset), 0}, line + newline + newline};
}

Result<Splice> remove(std::string_view text, const Tree& tree, std::size_t at) {
  const Node& node = tree.nodes[at];
  if (node.kind == NodeKind::map)
    return fail(Errc::unsupported, "\"" + node.path + "\" is a section");
  const std::size_t start = line_start(text, node.key_span.offset);
  return remove_lines(text, start, next_line(text, tree.end_of(at)));
}

}  // namespace

const FormatOps kIni{read, set, add, remove, "#;", "#;", false};

}  // namespace healer::edit
