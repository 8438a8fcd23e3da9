#include <algorithm>

#include "edit/yaml_read.h"
#include "edit/yaml_scalar.h"

namespace healer::edit {
namespace {

std::unexpected<Error> refused(const Node& node, std::string_view why) {
  return fail(Errc::unsupported, "\"" + node.path + "\" " + std::string(why));
}

bool is_document(const Node& node) {
  return node.key_span.length == 0 && node.key.starts_with('@');
}

std::vector<std::size_t> children_of(const Tree& tree, std::size_t parent) {
  auto out = tree.children(parent);
  if (parent == 0) std::erase_if(out, [&](std::size_t i) { return is_document(tree.nodes[i]); });
  return out;
}

// First byte of a child: its key, or its value where it has none.
std::size_t begin_of(const Tree& tree, std::size_t node) {
  const Node& n = tree.nodes[node];
  return n.key_span.length != 0 ? n.key_span.offset : n.span.offset;
}

// Last byte of a child, where a block scalar ends before the next line's indentation.
std::size_t end_of(std::string_view text, const Tree& tree, std::size_t node) {
  std::size_t end = tree.end_of(node);
  const std::size_t start = line_start(text, end);
  if (end > start && is_blank(text.substr(start, end - start))) end = start;
  while (end > 0 && end == line_start(text, end) && text[end - 1] == '\n') {
    const std::size_t above = line_start(text, end - 1);
    if (!is_blank(text.substr(above, end - above))) {
      end -= text.substr(0, end).ends_with("\r\n") ? 2U : 1U;
      break;
    }
    end = above;
  }
  return end;
}

bool in_brackets(const Tree& tree, std::size_t node) {
  return tree.nodes[tree.nodes[node].parent].in_brackets;
}

bool has_comment(std::string_view text) { return text.find('#') != std::string_view::npos; }

Result<Splice> set(std::string_view, const Tree& tree, std::size_t at, std::string_view value) {
  if (!is_utf8(value)) return fail(Errc::invalid_input, "the new value is not UTF-8");
  const Node& node = tree.nodes[at];
  const bool brackets = in_brackets(tree, at);
  std::string out;
  if (node.quote != 0) {
    out = yaml_scalar(value, node.quote, brackets);
  } else if (node.scalar == ScalarKind::string) {
    const bool plain = yaml_reads_as_string(value) || (yaml_kind(value) == ScalarKind::string &&
                                                       !yaml_reads_as_string(node.value));
    out = yaml_scalar(value, plain ? '\0' : '"', brackets);
  } else {
    out = yaml_scalar(value, 0, brackets);
  }
  if (node.span.length == 0) out = " " + out;
  return Splice{node.span, std::move(out)};
}

// How a new value is written beside these siblings: in quotes where all of them are, or where
// those of its kind are.
std::string in_style_of(const Tree& tree, const std::vector<std::size_t>& siblings,
                        std::string_view value, bool brackets) {
  char quote = 0;
  bool all = true;
  for (const std::size_t i : siblings) {
    const Node& sibling = tree.nodes[i];
    if (sibling.kind != NodeKind::scalar || sibling.scalar == ScalarKind::null ||
        sibling.quote == '|')
      continue;
    if (sibling.quote != 0)
      quote = sibling.quote;
    else
      all = false;
  }
  if (value.empty()) return "\"\"";
  // 80:80 is a number of base 60 to some readers, and nobody who adds it means that.
  if (yaml_kind(value) == ScalarKind::number && value.find(':') != std::string_view::npos)
    return yaml_scalar(value, quote == 0 ? '"' : quote, brackets);
  const bool quoted = all || siblings_quote(tree, siblings, yaml_kind(value), yaml_kind);
  return yaml_scalar(value, quoted ? quote : '\0', brackets);
}

std::string key_in_style_of(const Tree& tree, const std::vector<std::size_t>& siblings,
                            std::string_view text, std::string_view key, bool brackets) {
  bool quoted = !siblings.empty();
  for (const std::size_t i : siblings) {
    const char first = text[tree.nodes[i].key_span.offset];
    quoted = quoted && (first == '"' || first == '\'');
  }
  const char quote = quoted ? text[tree.nodes[siblings.front()].key_span.offset] : '\0';
  if (quote == 0 && !yaml_reads_as_string(key)) return yaml_scalar(key, '"', brackets);
  return yaml_scalar(key, quote, brackets);
}

Result<Splice> add_in_brackets(std::string_view text, const Tree& tree, std::size_t parent,
                               const std::vector<std::size_t>& siblings, std::string entry) {
  const Node& node = tree.nodes[parent];
  if (siblings.empty()) {
    const std::size_t open = node.span.offset + 1;
    const std::size_t length = node.span.length - 2;
    if (!is_blank(text.substr(open, length))) return refused(node, "holds a comment only");
    return Splice{{open, length}, std::move(entry)};
  }
  const std::size_t last = siblings.back();
  const std::size_t begin = begin_of(tree, last);
  const std::size_t start = line_start(text, begin);
  const bool own_line = is_blank(text.substr(start, begin - start));
  std::string out = ",";
  if (own_line) {
    out += newline_of(text);
    out += text.substr(start, begin - start);
  } else {
    out += " ";
  }
  return Splice{{tree.end_of(last), 0}, out + entry};
}

// Columns before a child's key: "- name: x" counts the dash as spaces.
std::size_t column_of(std::string_view text, std::size_t offset) {
  return offset - line_start(text, offset);
}

std::size_t indent_step(std::string_view text, const Tree& tree) {
  for (const Node& node : tree.nodes) {
    if (node.key_span.length == 0 || tree.nodes[node.parent].key_span.length == 0 ||
        tree.nodes[node.parent].in_brackets)
      continue;
    const std::size_t own = column_of(text, node.key_span.offset);
    const std::size_t outer = column_of(text, tree.nodes[node.parent].key_span.offset);
    if (own > outer) return own - outer;
  }
  return 2;
}

Result<Splice> add_first(std::string_view text, const Tree& tree, std::size_t parent,
                         std::string_view entry) {
  const Node& node = tree.nodes[parent];
  if (node.key_span.length == 0) {
    if (parent != 0 || tree.nodes.size() > 1 || text.find("---") != std::string_view::npos)
      return refused(node, "is empty");
    return insert_line_after(text, text.size(), entry);
  }
  const std::size_t column = column_of(text, node.key_span.offset) + indent_step(text, tree);
  return insert_line_after(text, node.span.offset, std::string(column, ' ') + std::string(entry));
}

Result<Splice> add_item(std::string_view text, const Tree& tree, std::size_t last,
                        std::string_view entry) {
  const std::size_t begin = begin_of(tree, last);
  const std::size_t dash = text.rfind('-', begin == 0 ? 0 : begin - 1);
  const std::size_t start = line_start(text, begin);
  if (begin == 0 || dash == std::string_view::npos || dash < start ||
      !is_blank(text.substr(dash + 1, begin - dash - 1)))
    return refused(tree.nodes[last], "has no dash before it on its line");
  return insert_line_after(text, end_of(text, tree, last),
                           std::string(dash - start, ' ') + "- " + std::string(entry));
}

Result<Splice> add(std::string_view text, const Tree& tree, std::size_t parent,
                   std::string_view key, std::string_view value) {
  if (!is_utf8(value) || !is_utf8(key)) return fail(Errc::invalid_input, "not UTF-8");
  const Node& node = tree.nodes[parent];
  const auto siblings = children_of(tree, parent);
  std::string entry = in_style_of(tree, siblings, value, node.in_brackets);
  if (node.kind != NodeKind::list)
    entry = key_in_style_of(tree, siblings, text, key, node.in_brackets) + ": " + entry;
  if (node.in_brackets) return add_in_brackets(text, tree, parent, siblings, std::move(entry));
  if (siblings.empty()) return add_first(text, tree, parent, entry);
  const std::size_t last = siblings.back();
  if (node.kind == NodeKind::list) return add_item(text, tree, last, entry);
  const std::size_t column = column_of(text, begin_of(tree, siblings.front()));
  return insert_line_after(text, end_of(text, tree, last), std::string(column, ' ') + entry);
}

Result<Splice> remove_in_brackets(std::string_view text, const Tree& tree, std::size_t at,
                                  const std::vector<std::size_t>& siblings, std::size_t index) {
  std::size_t begin = begin_of(tree, at), end = tree.end_of(at);
  if (index + 1 < siblings.size())
    end = begin_of(tree, siblings[index + 1]);
  else
    begin = tree.end_of(siblings[index - 1]);
  const Span gone{begin, end - begin};
  if (has_comment(text.substr(gone.offset, gone.length)))
    return refused(tree.nodes[at], "has a comment beside it that belongs to its line");
  return Splice{gone, ""};
}

Result<Splice> remove(std::string_view text, const Tree& tree, std::size_t at) {
  const Node& node = tree.nodes[at];
  const Node& parent = tree.nodes[node.parent];
  if (is_document(node)) return refused(node, "is a whole document");
  const auto siblings = children_of(tree, node.parent);
  if (siblings.size() < 2)
    return refused(node, "is the last one of its " +
                             std::string(parent.kind == NodeKind::list ? "list" : "map"));
  const auto index = static_cast<std::size_t>(std::ranges::find(siblings, at) - siblings.begin());
  if (parent.in_brackets) return remove_in_brackets(text, tree, at, siblings, index);
  const std::size_t begin = begin_of(tree, at);
  const std::size_t start = line_start(text, begin);
  const std::size_t end = next_line(text, end_of(text, tree, at));
  std::string_view before = text.substr(start, begin - start);
  if (parent.kind == NodeKind::list) {
    const std::size_t dash = before.rfind('-');
    if (dash == std::string_view::npos || !is_blank(before.substr(dash + 1)))
      return refused(node, "has no dash before it on its line");
    before = before.substr(0, dash);
  }
  if (is_blank(before)) return remove_lines(text, start, end);
  // The first key of a list item shares its line with the dash: the next key moves up.
  if (parent.kind == NodeKind::list || index != 0)
    return refused(node, "shares its line with something else");
  const std::size_t next = begin_of(tree, siblings[1]);
  if (next < end || has_comment(text.substr(end, next - end)))
    return refused(node, "has a comment below it that belongs to the next key");
  return Splice{{begin, next - begin}, ""};
}

}  // namespace

const FormatOps kYaml{read_yaml, set, add, remove, "#", "#", true};

}  // namespace healer::edit
