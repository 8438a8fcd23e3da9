#include "edit/editor.h"

#include <algorithm>
#include <tuple>

#include "edit/tree.h"

namespace healer {
namespace {

using edit::FormatOps;
using edit::Node;
using edit::NodeKind;
using edit::Splice;
using edit::Tree;

constexpr std::size_t kCommentLinesMax = 12;

const FormatOps& ops_of(Format format) {
  switch (format) {
    case Format::yaml: return edit::kYaml;
    case Format::json: return edit::kJson;
    case Format::toml: return edit::kToml;
    case Format::ini: return edit::kIni;
    case Format::env: return edit::kEnv;
    case Format::properties: break;
  }
  return edit::kProperties;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\f");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\f") - first + 1);
}

// The comment line's words: without markers and the space around them; nullopt for other lines.
std::optional<std::string_view> comment_text(std::string_view line, std::string_view markers) {
  line = trimmed(line);
  if (line.empty() || markers.find(line.front()) == std::string_view::npos) return std::nullopt;
  while (!line.empty() && markers.find(line.front()) != std::string_view::npos)
    line.remove_prefix(1);
  return trimmed(line);
}

// Nothing but blanks, list dashes and `export` stands before `own` on its line.
bool begins_line(std::string_view text, std::size_t own) {
  std::string_view before = text.substr(edit::bom_length(text), own - edit::bom_length(text));
  auto skip = [&] {
    while (!before.empty() && std::string_view(" \t-").find(before.back()) != before.npos)
      before.remove_suffix(1);
  };
  skip();
  if (before.ends_with("export")) {
    before.remove_suffix(6);
    skip();
  }
  return before.empty() || before.back() == '\n';
}

// Looks only as far as it must: a line may be the whole file.
std::string comment_of(std::string_view text, const Node& node, const FormatOps& ops) {
  const std::size_t value_end = node.span.offset + node.span.length;
  const std::size_t next = std::min(text.find_first_not_of(",]} \t", value_end), text.size());
  const bool apart = next > value_end ||
                     (value_end > 0 && (text[value_end - 1] == ' ' || text[value_end - 1] == '\t'));
  if (next < text.size() && apart && ops.comment_beside.find(text[next]) != std::string_view::npos)
    if (const auto words =
            comment_text(text.substr(next, edit::line_end(text, next) - next), ops.comment_beside))
      return std::string(*words);
  const std::size_t own = node.key_span.length != 0 ? node.key_span.offset : node.span.offset;
  if (ops.comment_above.empty() || !begins_line(text, own)) return {};
  std::size_t start = edit::line_start(text, own);
  std::string out;
  for (std::size_t lines = 0; lines < kCommentLinesMax && start > edit::bom_length(text); ++lines) {
    const std::size_t above = edit::line_start(text, start - 1);
    const auto words = comment_text(text.substr(above, start - 1 - above), ops.comment_above);
    if (!words) break;
    out = out.empty() ? std::string(*words) : std::string(*words) + "\n" + out;
    start = above;
  }
  return out;
}

std::string spliced(std::string_view text, const Splice& splice) {
  std::string out(text.substr(0, splice.at.offset));
  out += splice.text;
  out += text.substr(splice.at.offset + splice.at.length);
  return out;
}

std::string quoted(std::string_view path) {
  return path.find('"') == path.npos ? "\"" + std::string(path) + "\"" : std::string(path);
}

Result<std::size_t> find_node(const Tree& tree, std::string_view path) {
  std::optional<std::size_t> found;
  for (std::size_t i = path.empty() ? 0 : 1; i < tree.nodes.size(); ++i) {
    if (tree.nodes[i].path != path) continue;
    if (found)
      return fail(Errc::conflict, quoted(path) + " occurs twice: which one counts is not certain");
    found = i;
    if (path.empty()) break;
  }
  if (!found) return fail(Errc::not_found, "there is no " + quoted(path));
  return *found;
}

std::size_t depth_of(const Tree& tree, std::size_t node) {
  std::size_t depth = 0;
  for (; node != 0; node = tree.nodes[node].parent) ++depth;
  return depth;
}

// Equal in everything a reader of the file can see; list items have no key, so that the rest of a
// list may move up.
bool same_node(const Tree& a, std::size_t i, const Tree& b, std::size_t j) {
  const Node& x = a.nodes[i];
  const Node& y = b.nodes[j];
  return x.key == y.key && x.kind == y.kind && x.value == y.value &&
         (x.kind != NodeKind::scalar || x.scalar == y.scalar) && depth_of(a, i) == depth_of(b, j);
}

std::unexpected<Error> breaks_law(std::string_view path) {
  return fail(Errc::unsupported,
              "the edit of " + quoted(path) + " would change more than that; the file stays");
}

// Nodes of `larger` but for [skip, skip + count) are those of `smaller`, in order. `parent` may
// have been an empty value that became a map.
bool same_but(const Tree& larger, const Tree& smaller, std::size_t skip, std::size_t count,
              std::size_t parent) {
  if (larger.nodes.size() != smaller.nodes.size() + count) return false;
  for (std::size_t j = 0; j < smaller.nodes.size(); ++j) {
    const std::size_t i = j < skip ? j : j + count;
    if (same_node(larger, i, smaller, j)) continue;
    const bool filled = i == parent && smaller.nodes[j].kind == NodeKind::scalar &&
                        smaller.nodes[j].scalar == ScalarKind::null &&
                        smaller.nodes[j].key == larger.nodes[i].key;
    if (!filled) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<Setting>> settings_of(Format format, std::string_view text) {
  const FormatOps& ops = ops_of(format);
  Tree tree = TRY(ops.read(text));
  std::vector<Setting> out;
  for (Node& node : tree.nodes) {
    if (node.kind != NodeKind::scalar || (node.path.empty() && &node == &tree.nodes[0])) continue;
    Setting setting;
    setting.comment = comment_of(text, node, ops);
    setting.path = std::move(node.path);
    setting.value = std::move(node.value);
    setting.kind = node.scalar;
    setting.value_span = node.span;
    out.push_back(std::move(setting));
  }
  std::ranges::sort(out, [](const Setting& a, const Setting& b) {
    return std::tie(a.value_span.offset, a.path) < std::tie(b.value_span.offset, b.path);
  });
  std::size_t line = 1, at = 0;
  for (Setting& setting : out) {
    for (; at < setting.value_span.offset; ++at)
      if (text[at] == '\n') ++line;
    setting.line = line;
  }
  return out;
}

Result<std::string> set_value(Format format, std::string_view text, std::string_view path,
                              std::string_view new_value) {
  const FormatOps& ops = ops_of(format);
  const Tree before = TRY(ops.read(text));
  const std::size_t target = TRY(find_node(before, path));
  const Node& old = before.nodes[target];
  if (old.kind == NodeKind::map || old.kind == NodeKind::list)
    return fail(Errc::invalid_input, quoted(path) + " is a map or list, not one value");
  if (!old.locked.empty()) return fail(Errc::unsupported, quoted(path) + " " + old.locked);
  if (old.value == new_value && old.scalar != ScalarKind::null) return std::string(text);
  const Splice splice = TRY(ops.set(text, before, target, new_value));
  std::string out = spliced(text, splice);
  const auto after = ops.read(out);
  if (!after || after->nodes.size() != before.nodes.size()) return breaks_law(path);
  for (std::size_t i = 0; i < before.nodes.size(); ++i)
    if (i != target && !same_node(before, i, *after, i)) return breaks_law(path);
  const Node& now = after->nodes[target];
  const bool keeps_type =
      !ops.typed || old.scalar != ScalarKind::string || old.scalar == now.scalar;
  if (now.kind != NodeKind::scalar || now.value != new_value || now.path != path || !keeps_type)
    return breaks_law(path);
  return out;
}

Result<std::string> add_key(Format format, std::string_view text, std::string_view parent_path,
                            std::string_view key, std::string_view value) {
  const FormatOps& ops = ops_of(format);
  const Tree before = TRY(ops.read(text));
  const std::size_t parent = TRY(find_node(before, parent_path));
  const Node& container = before.nodes[parent];
  if (!container.locked.empty())
    return fail(Errc::unsupported, quoted(parent_path) + " " + container.locked);
  const bool empty_value =
      container.kind == NodeKind::scalar && container.scalar == ScalarKind::null;
  if (container.kind == NodeKind::alias || (container.kind == NodeKind::scalar && !empty_value))
    return fail(Errc::invalid_input, quoted(parent_path) + " is one value, not a map or list");
  if (key.empty() != (container.kind == NodeKind::list))
    return fail(Errc::invalid_input,
                quoted(parent_path) + (key.empty() ? " is not a list" : " is not a map"));
  for (const std::size_t child : before.children(parent))
    if (!key.empty() && before.nodes[child].key == key)
      return fail(Errc::conflict, quoted(before.nodes[child].path) + " is there already");
  const Splice splice = TRY(ops.add(text, before, parent, key, value));
  std::string out = spliced(text, splice);
  const auto after = ops.read(out);
  if (!after || after->nodes.size() != before.nodes.size() + 1) return breaks_law(key);
  std::size_t added = 0;
  while (added < before.nodes.size() &&
         (added == parent || same_node(*after, added, before, added)))
    ++added;
  const Node& now = after->nodes[added];
  if (!same_but(*after, before, added, 1, parent) || now.key != key || now.value != value ||
      now.kind != NodeKind::scalar || now.parent != parent)
    return breaks_law(key);
  return out;
}

Result<std::string> remove_key(Format format, std::string_view text, std::string_view path) {
  const FormatOps& ops = ops_of(format);
  const Tree before = TRY(ops.read(text));
  if (path.empty()) return fail(Errc::invalid_input, "the whole file cannot be removed");
  const std::size_t target = TRY(find_node(before, path));
  std::size_t count = 0;
  for (std::size_t i = target; i < before.nodes.size(); ++i)
    if (before.is_under(i, target)) {
      if (before.nodes[i].locked.starts_with("is shared"))
        return fail(Errc::unsupported, quoted(path) + " " + before.nodes[i].locked);
      ++count;
    }
  const Splice splice = TRY(ops.remove(text, before, target));
  std::string out = spliced(text, splice);
  const auto after = ops.read(out);
  if (!after || !same_but(before, *after, target, count, before.nodes.size()))
    return breaks_law(path);
  return out;
}

Result<void> parses(Format format, std::string_view text) {
  const auto tree = ops_of(format).read(text);
  if (!tree) return std::unexpected(tree.error());
  return {};
}

}  // namespace healer
