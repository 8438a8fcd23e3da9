#include <algorithm>
#include <cstdint>

#include "edit/tree.h"

namespace healer::edit {

std::vector<std::size_t> Tree::children(std::size_t parent) const {
  std::vector<std::size_t> out;
  for (std::size_t i = parent + 1; i < nodes.size(); ++i)
    if (nodes[i].parent == parent) out.push_back(i);
  return out;
}

bool Tree::is_under(std::size_t node, std::size_t ancestor) const {
  while (node > ancestor) node = nodes[node].parent;
  return node == ancestor;
}

std::size_t Tree::end_of(std::size_t node) const {
  std::size_t end = 0;
  for (std::size_t i = node; i < nodes.size(); ++i) {
    if (!is_under(i, node)) continue;
    end = std::max({end, nodes[i].span.offset + nodes[i].span.length,
                    nodes[i].key_span.offset + nodes[i].key_span.length});
  }
  return end;
}

std::string join_key(std::string_view parent, std::string_view key) {
  const std::string step = path_step(key);
  return parent.empty() ? step : std::string(parent) + "." + step;
}

std::string join_index(std::string_view parent, std::size_t index) {
  return std::string(parent) + "[" + std::to_string(index) + "]";
}

std::size_t line_start(std::string_view text, std::size_t offset) {
  if (offset == 0) return 0;
  const std::size_t newline = text.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? bom_length(text) : newline + 1;
}

std::size_t line_end(std::string_view text, std::size_t offset) {
  std::size_t newline = text.find('\n', offset);
  if (newline == std::string_view::npos) return text.size();
  if (newline > offset && text[newline - 1] == '\r') --newline;
  return newline;
}

std::size_t next_line(std::string_view text, std::size_t offset) {
  const std::size_t newline = text.find('\n', offset);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

std::size_t line_number(std::string_view text, std::size_t offset) {
  const auto head = text.substr(0, std::min(offset, text.size()));
  return 1 + static_cast<std::size_t>(std::ranges::count(head, '\n'));
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f") == std::string_view::npos;
}

std::string_view newline_of(std::string_view text) {
  const std::size_t newline = text.find('\n');
  return newline != std::string_view::npos && newline > 0 && text[newline - 1] == '\r' ? "\r\n"
                                                                                       : "\n";
}

Splice insert_line_after(std::string_view text, std::size_t offset, std::string_view line) {
  const std::string_view newline = newline_of(text);
  const std::size_t at = next_line(text, offset);
  const bool open_end = at == text.size() && (text.empty() || text.back() != '\n');
  std::string out;
  if (open_end && text.size() > bom_length(text)) out += newline;
  out += line;
  if (!open_end || text.size() == bom_length(text)) out += newline;
  return {{at, 0}, std::move(out)};
}

Splice remove_lines(std::string_view text, std::size_t start, std::size_t end) {
  // The last line of a text without a final line end takes those before it along.
  if (end == text.size() && !text.ends_with('\n'))
    while (start > bom_length(text) && (text[start - 1] == '\n' || text[start - 1] == '\r'))
      --start;
  return {{start, end - start}, ""};
}

std::size_t bom_length(std::string_view text) { return text.starts_with("\xef\xbb\xbf") ? 3 : 0; }

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return false;
    std::uint32_t code = lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      code = (code << 6) | (byte & 0x3fU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return false;
    i += length;
  }
  return true;
}

void append_utf8(std::string& out, std::uint32_t code) {
  auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

std::unexpected<Error> syntax_error(std::string_view text, std::size_t offset,
                                    std::string_view what) {
  return fail(Errc::invalid_input,
              "line " + std::to_string(line_number(text, offset)) + ": " + std::string(what));
}

bool siblings_quote(const Tree& tree, const std::vector<std::size_t>& siblings, ScalarKind kind,
                    ScalarKind (*kind_of)(std::string_view)) {
  bool quoted = false;
  for (const std::size_t i : siblings) {
    const Node& sibling = tree.nodes[i];
    if (sibling.kind != NodeKind::scalar || kind == ScalarKind::string) continue;
    if (sibling.quote == 0 && sibling.scalar == kind) return false;
    quoted = quoted || (sibling.quote != 0 && kind_of(sibling.value) == kind);
  }
  return quoted;
}

ScalarKind kind_of_text(std::string_view text) {
  if (text.empty()) return ScalarKind::string;
  std::string lower(text);
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const std::string_view word : {"true", "false", "yes", "no", "on", "off"})
    if (lower == word) return ScalarKind::boolean;
  std::string_view rest = text;
  if (rest.front() == '-' || rest.front() == '+') rest.remove_prefix(1);
  std::size_t digits = 0, dots = 0;
  for (const char c : rest) {
    if (c == '.')
      ++dots;
    else if (c >= '0' && c <= '9')
      ++digits;
    else
      return ScalarKind::string;
  }
  if (digits == 0 || dots > 1) return ScalarKind::string;
  return dots == 0 ? ScalarKind::integer : ScalarKind::number;
}

}  // namespace healer::edit
