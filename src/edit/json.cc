#include <charconv>
#include <set>

#include "edit/tree.h"

namespace healer::edit {
namespace {

constexpr std::size_t kDepthMax = 256;

// Strict RFC 8259: no comments, no trailing commas, no duplicate keys, nothing behind the value.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), at_(bom_length(text)) {}

  Result<Tree> read() {
    TRY(value(0, "", "", {}, 0));
    skip_space();
    if (at_ != text_.size()) return error("text behind the value");
    return std::move(tree_);
  }

 private:
  std::unexpected<Error> error(std::string_view what) const {
    return syntax_error(text_, at_, what);
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }
  std::size_t digits() {
    const std::size_t from = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ - from;
  }

  Result<void> value(std::size_t parent, std::string path, std::string key, Span key_span,
                     std::size_t depth) {
    if (depth > kDepthMax) return fail(Errc::unsupported, "nested deeper than 256 levels");
    skip_space();
    Node node;
    node.path = std::move(path);
    node.key = std::move(key);
    node.key_span = key_span;
    node.parent = parent;
    node.span.offset = at_;
    const std::size_t index = tree_.nodes.size();
    const char first = peek();
    if (first == '{' || first == '[') {
      node.kind = first == '{' ? NodeKind::map : NodeKind::list;
      node.in_brackets = true;
      tree_.nodes.push_back(std::move(node));
      TRY(first == '{' ? object(index, depth) : array(index, depth));
    } else {
      TRY(scalar(node));
      tree_.nodes.push_back(std::move(node));
    }
    Span& span = tree_.nodes[index].span;
    span.length = at_ - span.offset;
    return {};
  }

  Result<void> scalar(Node& node) {
    if (peek() == '"') {
      node.quote = '"';
      node.value = TRY(string());
      return {};
    }
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      node.value = word;
      node.scalar = word == "null" ? ScalarKind::null : ScalarKind::boolean;
      return {};
    }
    return number(node);
  }

  Result<void> number(Node& node) {
    const std::size_t from = at_;
    node.scalar = ScalarKind::integer;
    if (peek() == '-') ++at_;
    const bool zero = peek() == '0';
    const std::size_t whole = digits();
    if (whole == 0) return error("a value is missing or not JSON");
    if (zero && whole > 1) return error("a number has a leading zero");
    if (peek() == '.') {
      ++at_;
      node.scalar = ScalarKind::number;
      if (digits() == 0) return error("a number ends with its point");
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      node.scalar = ScalarKind::number;
      if (peek() == '+' || peek() == '-') ++at_;
      if (digits() == 0) return error("a number has no exponent");
    }
    node.value = text_.substr(from, at_ - from);
    return {};
  }

  Result<std::uint32_t> hex4() {
    std::uint32_t code = 0;
    const auto part = text_.substr(std::min(at_, text_.size()), 4);
    const auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), code, 16);
    if (part.size() != 4 || failed != std::errc{} || end != part.data() + 4)
      return error("\\u needs four hex digits");
    at_ += 4;
    return code;
  }

  Result<void> escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt", kBytes = "\"\\/\b\f\n\r\t";
    const char c = peek();
    ++at_;
    if (const std::size_t i = kNames.find(c); i != kNames.npos && c != '\0') {
      out += kBytes[i];
      return {};
    }
    if (c != 'u') return error("unknown escape in a string");
    std::uint32_t code = TRY(hex4());
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_).starts_with("\\u")) {
      at_ += 2;
      const std::uint32_t low = TRY(hex4());
      if (low < 0xdc00 || low > 0xdfff) return error("half a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xd800 && code < 0xe000) {
      return error("half a surrogate pair");
    }
    append_utf8(out, code);
    return {};
  }

  Result<std::string> string() {
    std::string out;
    ++at_;
    while (true) {
      if (at_ >= text_.size()) return error("a string is not closed");
      const char c = text_[at_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) return error("a control character in a string");
      ++at_;
      if (c == '\\')
        TRY(escape(out));
      else
        out += c;
    }
    ++at_;
    return out;
  }

  Result<void> object(std::size_t index, std::size_t depth) {
    std::set<std::string> keys;
    ++at_;
    skip_space();
    if (peek() == '}') return ++at_, Result<void>{};
    while (true) {
      skip_space();
      const std::size_t from = at_;
      if (peek() != '"') return error("a key in double quotes is missing");
      std::string key = TRY(string());
      const Span span{from, at_ - from};
      if (!keys.insert(key).second) return error("key \"" + key + "\" occurs twice");
      skip_space();
      if (peek() != ':') return error("':' is missing behind a key");
      ++at_;
      std::string path = join_key(tree_.nodes[index].path, key);
      TRY(value(index, std::move(path), std::move(key), span, depth + 1));
      skip_space();
      if (peek() == '}') return ++at_, Result<void>{};
      if (peek() != ',') return error("',' or '}' is missing");
      ++at_;
    }
  }

  Result<void> array(std::size_t index, std::size_t depth) {
    ++at_;
    skip_space();
    if (peek() == ']') return ++at_, Result<void>{};
    for (std::size_t i = 0;; ++i) {
      TRY(value(index, join_index(tree_.nodes[index].path, i), "", {}, depth + 1));
      skip_space();
      if (peek() == ']') return ++at_, Result<void>{};
      if (peek() != ',') return error("',' or ']' is missing");
      ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_;
  Tree tree_;
};

Result<Tree> read(std::string_view text) {
  if (!is_utf8(text)) return fail(Errc::invalid_input, "not UTF-8");
  return Reader(text).read();
}

std::string quoted(std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// True where `value` is a number, true, false or null as JSON writes them.
bool is_bare(std::string_view value) {
  const auto tree = read(value);
  return tree && tree->nodes.size() == 1 && tree->nodes[0].quote == 0 &&
         tree->nodes[0].kind == NodeKind::scalar && tree->nodes[0].value == value;
}

std::size_t begin_of(const Node& node) {
  return node.key_span.length != 0 ? node.key_span.offset : node.span.offset;
}

Result<Splice> set(std::string_view, const Tree& tree, std::size_t at, std::string_view value) {
  const Node& node = tree.nodes[at];
  return Splice{node.span, node.quote == 0 && is_bare(value) ? std::string(value) : quoted(value)};
}

Result<Splice> add(std::string_view text, const Tree& tree, std::size_t parent,
                   std::string_view key, std::string_view value) {
  const Node& node = tree.nodes[parent];
  const auto siblings = tree.children(parent);
  const bool bare =
      is_bare(value) && !siblings_quote(tree, siblings, kind_of_text(value), kind_of_text);
  const std::string written = bare ? std::string(value) : quoted(value);
  if (node.kind == NodeKind::scalar)
    return fail(Errc::unsupported, "\"" + node.path + "\" is null, not a map");
  std::string entry, colon = ": ";
  if (!siblings.empty() && node.kind == NodeKind::map) {
    const Node& last = tree.nodes[siblings.back()];
    const std::size_t behind = last.key_span.offset + last.key_span.length;
    const std::string_view between = text.substr(behind, last.span.offset - behind);
    if (between.find('\n') == std::string_view::npos) colon = between;
  }
  if (node.kind == NodeKind::map) entry = quoted(key) + colon;
  entry += written;
  if (siblings.empty()) {
    return Splice{{node.span.offset + 1, node.span.length - 2}, std::move(entry)};
  }
  const Node& last = tree.nodes[siblings.back()];
  const std::size_t begin = begin_of(last);
  // What stands before the last entry (line end and indentation, or one blank) stands before ours.
  std::size_t from = begin;
  while (from > 0 && std::string_view(" \t\r\n").find(text[from - 1]) != std::string_view::npos)
    --from;
  std::string_view gap = text.substr(from, begin - from);
  if (siblings.size() == 1 && gap.find('\n') == std::string_view::npos) gap = " ";
  return Splice{{last.span.offset + last.span.length, 0}, "," + std::string(gap) + entry};
}

Result<Splice> remove(std::string_view, const Tree& tree, std::size_t at) {
  const auto siblings = tree.children(tree.nodes[at].parent);
  if (siblings.size() == 1) {
    const Node& node = tree.nodes[tree.nodes[at].parent];
    return Splice{{node.span.offset + 1, node.span.length - 2}, ""};
  }
  for (std::size_t i = 0; i + 1 < siblings.size(); ++i) {
    if (siblings[i] != at) continue;
    const std::size_t begin = begin_of(tree.nodes[at]);
    return Splice{{begin, begin_of(tree.nodes[siblings[i + 1]]) - begin}, ""};
  }
  const Node& before = tree.nodes[siblings[siblings.size() - 2]];
  const std::size_t begin = before.span.offset + before.span.length;
  return Splice{{begin, tree.nodes[at].span.offset + tree.nodes[at].span.length - begin}, ""};
}

}  // namespace

const FormatOps kJson{read, set, add, remove, "", "", true};

}  // namespace healer::edit
