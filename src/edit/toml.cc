#include <toml++/toml.h>

#include <algorithm>
#include <map>

#include "edit/tree.h"

namespace healer::edit {
namespace {

// toml++ counts lines and code points from 1; our spans are bytes.
class Offsets {
 public:
  explicit Offsets(std::string_view text) : text_(text) {
    starts_.push_back(bom_length(text));
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }

  std::size_t of(toml::source_position position) {
    if (position.line == 0 || position.line > starts_.size()) return text_.size();
    const std::size_t start = starts_[position.line - 1];
    const std::size_t end = position.line < starts_.size() ? starts_[position.line] : text_.size();
    const std::size_t column = position.column > 0 ? position.column - 1 : 0;
    const auto& points = code_points(position.line, text_.substr(start, end - start));
    if (points.empty()) return std::min(start + column, text_.size());
    return column < points.size() ? start + points[column] : end;
  }

  Span of(const toml::source_region& region) {
    const std::size_t begin = of(region.begin), end = of(region.end);
    return {begin, end > begin ? end - begin : 0};
  }

 private:
  // Where each code point of the line begins; empty for a line of ASCII, where columns are bytes.
  const std::vector<std::uint32_t>& code_points(toml::source_index number, std::string_view line) {
    const auto [found, fresh] = lines_.try_emplace(number);
    auto& points = found->second;
    if (!fresh || std::ranges::none_of(line, [](char c) { return (c & 0x80) != 0; })) return points;
    for (std::size_t i = 0; i < line.size(); ++i)
      if ((static_cast<unsigned char>(line[i]) & 0xc0) != 0x80)
        points.push_back(static_cast<std::uint32_t>(i));
    return points;
  }

  std::string_view text_;
  std::vector<std::size_t> starts_;
  std::map<toml::source_index, std::vector<std::uint32_t>> lines_;
};

class Builder {
 public:
  explicit Builder(std::string_view text) : text_(text), offsets_(text) {}

  Tree build(const toml::table& root) {
    tree_.nodes.emplace_back().kind = NodeKind::map;
    children(root, 0);
    return std::move(tree_);
  }

 private:
  struct Child {
    Span key_span;
    std::string key;
    const toml::node* node = nullptr;
  };

  void children(const toml::table& table, std::size_t parent) {
    std::vector<Child> found;
    for (const auto& [key, value] : table)
      found.push_back({offsets_.of(key.source()), std::string(key.str()), &value});
    std::ranges::sort(found, {}, [](const Child& c) { return c.key_span.offset; });
    for (Child& child : found) {
      std::string path = join_key(tree_.nodes[parent].path, child.key);
      add(*child.node, parent, std::move(path), std::move(child.key), child.key_span);
    }
  }

  void add(const toml::node& value, std::size_t parent, std::string path, std::string key,
           Span key_span) {
    const std::size_t index = tree_.nodes.size();
    Node node;
    node.path = std::move(path);
    node.key = std::move(key);
    node.key_span = key_span;
    node.parent = parent;
    node.span = offsets_.of(value.source());
    if (const auto* table = value.as_table()) {
      node.kind = NodeKind::map;
      node.in_brackets = table->is_inline();
      if (!node.in_brackets) node.span.length = 0;
      tree_.nodes.push_back(std::move(node));
      children(*table, index);
    } else if (const auto* array = value.as_array()) {
      node.kind = NodeKind::list;
      node.in_brackets = !text_.substr(node.span.offset).starts_with("[[");
      if (!array->empty() && !node.in_brackets &&
          offsets_.of(array->front().source()).offset != node.span.offset)
        node.in_brackets = true;  // [[1], …], not a [[header]]
      if (!node.in_brackets) node.span.length = 0;
      tree_.nodes.push_back(std::move(node));
      for (std::size_t i = 0; i < array->size(); ++i)
        add((*array)[i], index, join_index(tree_.nodes[index].path, i), "", {});
    } else {
      scalar(value, node);
      tree_.nodes.push_back(std::move(node));
    }
  }

  void scalar(const toml::node& value, Node& node) const {
    const std::string_view source = text_.substr(node.span.offset, node.span.length);
    node.value = source;
    if (const auto* string = value.as_string()) {
      node.value = string->get();
      node.quote = source.empty() ? '"' : source.front();
      if (source.starts_with("\"\"\"") || source.starts_with("'''"))
        node.locked = "is a string over several lines";
    } else if (value.is_integer()) {
      node.scalar = ScalarKind::integer;
    } else if (value.is_floating_point()) {
      node.scalar = ScalarKind::number;
    } else if (value.is_boolean()) {
      node.scalar = ScalarKind::boolean;
    }
  }

  std::string_view text_;
  Offsets offsets_;
  Tree tree_;
};

Result<Tree> read(std::string_view text) {
  if (!is_utf8(text)) return fail(Errc::invalid_input, "not UTF-8");
  try {
    const toml::table root = toml::parse(text);
    return Builder(text).build(root);
  } catch (const toml::parse_error& error) {
    return fail(Errc::invalid_input, "line " + std::to_string(error.source().begin.line) + ": " +
                                         std::string(error.description()));
  } catch (const std::exception& error) {
    return fail(Errc::invalid_input, error.what());
  }
}

std::string quoted(std::string_view value, char quote) {
  const bool special = std::ranges::any_of(
      value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (quote == '\'' && !special && value.find('\'') == std::string_view::npos)
    return "'" + std::string(value) + "'";
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// True where `value` is a number, a boolean or a date as TOML writes them.
bool is_bare(std::string_view value) {
  if (value.empty() || value.find_first_of("\"'[{#\r\n ,") != std::string_view::npos) return false;
  const auto tree = read("x = " + std::string(value));
  return tree && tree->nodes.size() == 2 && tree->nodes[1].value == value;
}

// A [table] or [[table]] of its own, as against one made by dotted keys or braces.
bool has_header(std::string_view text, const Node& node) {
  if (node.in_brackets || node.kind == NodeKind::scalar || node.kind == NodeKind::alias)
    return false;
  return text.substr(node.span.offset).starts_with("[");
}

std::size_t begin_of(const Node& node) {
  return node.key_span.length != 0 ? node.key_span.offset : node.span.offset;
}

std::string bare_key(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(key) : quoted(key, '"');
}

Result<Splice> set(std::string_view, const Tree& tree, std::size_t at, std::string_view value) {
  const Node& node = tree.nodes[at];
  const std::string written =
      node.quote == 0 && is_bare(value) ? std::string(value) : quoted(value, node.quote);
  return Splice{node.span, written};
}

Result<Splice> add_in_brackets(std::string_view text, const Tree& tree, std::size_t parent,
                               const std::vector<std::size_t>& siblings, std::string entry) {
  const Node& node = tree.nodes[parent];
  const std::size_t inner_end = node.span.offset + node.span.length - 1;
  const std::size_t from = siblings.empty() ? node.span.offset + 1 : tree.end_of(siblings.back());
  if (text.substr(from, inner_end - from).find('#') != std::string_view::npos)
    return fail(Errc::unsupported, "\"" + node.path + "\" has a comment behind its last value");
  if (siblings.empty()) {
    if (node.kind == NodeKind::map) entry = " " + entry + " ";
    return Splice{{from, inner_end - from}, std::move(entry)};
  }
  const std::size_t begin = begin_of(tree.nodes[siblings.back()]);
  const std::size_t start = line_start(text, begin);
  std::string gap = " ";
  if (is_blank(text.substr(start, begin - start)) && node.kind == NodeKind::list)
    gap = std::string(newline_of(text)) + std::string(text.substr(start, begin - start));
  return Splice{{from, 0}, "," + gap + entry};
}

Result<Splice> add(std::string_view text, const Tree& tree, std::size_t parent,
                   std::string_view key, std::string_view value) {
  if (!is_utf8(value) || !is_utf8(key)) return fail(Errc::invalid_input, "not UTF-8");
  const Node& node = tree.nodes[parent];
  auto siblings = tree.children(parent);
  std::erase_if(siblings, [&](std::size_t i) { return has_header(text, tree.nodes[i]); });
  const bool bare =
      is_bare(value) && !siblings_quote(tree, siblings, kind_of_text(value), kind_of_text);
  std::string equals = " = ";
  char quote = '"';
  for (const std::size_t i : siblings) {
    const Node& sibling = tree.nodes[i];
    if (sibling.kind != NodeKind::scalar) continue;
    if (sibling.quote != 0) quote = sibling.quote;
    const std::size_t behind = sibling.key_span.offset + sibling.key_span.length;
    if (sibling.key_span.length != 0) equals = text.substr(behind, sibling.span.offset - behind);
  }
  std::string entry = bare ? std::string(value) : quoted(value, quote);
  if (node.kind == NodeKind::map) entry = bare_key(key) + equals + entry;
  if (node.in_brackets) return add_in_brackets(text, tree, parent, siblings, std::move(entry));
  if (node.kind == NodeKind::list)
    return fail(Errc::unsupported, "\"" + node.path + "\" is a list of tables");
  if (!siblings.empty()) {
    const std::size_t start = line_start(text, begin_of(tree.nodes[siblings.front()]));
    const std::size_t indent = text.find_first_not_of(" \t", start);
    return insert_line_after(text, tree.end_of(siblings.back()),
                             std::string(text.substr(start, indent - start)) + entry);
  }
  if (parent != 0) return insert_line_after(text, node.span.offset, entry);
  if (tree.nodes.size() == 1) return insert_line_after(text, text.size(), entry);
  const std::string newline(newline_of(text));
  return Splice{{line_start(text, tree.nodes[1].span.offset), 0}, entry + newline + newline};
}

Result<Splice> remove(std::string_view text, const Tree& tree, std::size_t at) {
  const Node& node = tree.nodes[at];
  const Node& parent = tree.nodes[node.parent];
  if (has_header(text, node) || !(node.kind == NodeKind::scalar || node.in_brackets))
    return fail(Errc::unsupported, "\"" + node.path + "\" is a table");
  if (!parent.in_brackets) {
    const std::size_t start = line_start(text, node.key_span.offset);
    return remove_lines(text, start, next_line(text, tree.end_of(at)));
  }
  const auto siblings = tree.children(node.parent);
  const auto index = static_cast<std::size_t>(std::ranges::find(siblings, at) - siblings.begin());
  std::size_t begin = begin_of(node), end = tree.end_of(at);
  if (index + 1 < siblings.size())
    end = begin_of(tree.nodes[siblings[index + 1]]);
  else if (index > 0)
    begin = tree.end_of(siblings[index - 1]);
  if (text.substr(begin, end - begin).find('#') != std::string_view::npos)
    return fail(Errc::unsupported, "\"" + node.path + "\" has a comment beside it");
  return Splice{{begin, end - begin}, ""};
}

}  // namespace

const FormatOps kToml{read, set, add, remove, "#", "#", true};

}  // namespace healer::edit
