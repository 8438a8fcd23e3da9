#include <charconv>

#include "edit/tree.h"

namespace healer::edit {
namespace {

bool blank_char(char c) { return c == ' ' || c == '\t' || c == '\f'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && blank_char(text[at])) ++at;
  return at;
}

// Where a line ends, as java.util.Properties sees it: \n, \r\n or \r alone.
std::size_t end_of_line(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_of("\r\n", at);
  return end == std::string_view::npos ? text.size() : end;
}

std::size_t behind_line_end(std::string_view text, std::size_t end) {
  if (end < text.size() && text[end] == '\r')
    ++end, end += end < text.size() && text[end] == '\n';
  else if (end < text.size())
    ++end;
  return end;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), at_(bom_length(text)) {
    tree_.nodes.emplace_back().kind = NodeKind::map;
  }

  Result<Tree> read() {
    while (at_ < text_.size()) {
      at_ = skip_blanks(text_, at_);
      const std::size_t end = end_of_line(text_, at_);
      if (at_ == end || text_[at_] == '#' || text_[at_] == '!') {
        at_ = behind_line_end(text_, end);
        continue;
      }
      TRY(entry());
    }
    return std::move(tree_);
  }

 private:
  // One escape or one continued line end at `at_`; true where it was a line end.
  Result<bool> escape(std::string& out) {
    ++at_;
    if (at_ == text_.size()) return false;
    const char c = text_[at_];
    if (c == '\r' || c == '\n') {
      at_ = skip_blanks(text_, behind_line_end(text_, at_));
      return true;
    }
    ++at_;
    if (c == 'u') {
      std::uint32_t code = 0;
      const auto hex = text_.substr(at_, 4);
      const auto [end, failed] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
      if (hex.size() != 4 || failed != std::errc{} || end != hex.data() + 4)
        return syntax_error(text_, at_, "\\u needs four hex digits");
      at_ += 4;
      append_utf8(out, code);
      return false;
    }
    constexpr std::string_view kNames = "tnrf", kBytes = "\t\n\r\f";
    const std::size_t i = kNames.find(c);
    out += i == kNames.npos ? c : kBytes[i];
    return false;
  }

  Result<void> entry() {
    Node node;
    const std::size_t start = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '=' || c == ':' || c == '\r' || c == '\n' || blank_char(c)) break;
      if (c == '\\') {
        if (TRY(escape(node.key))) node.locked = "has a key that goes over several lines";
      } else {
        node.key += c;
        ++at_;
      }
    }
    node.key_span = {start, at_ - start};
    const std::size_t behind_key = at_;
    at_ = skip_blanks(text_, at_);
    if (at_ < text_.size() && (text_[at_] == '=' || text_[at_] == ':'))
      at_ = skip_blanks(text_, at_ + 1);
    else if (at_ == end_of_line(text_, at_) && at_ == behind_key && node.locked.empty())
      node.locked = "has no value to replace";
    node.path = node.key;
    node.span.offset = at_;
    bool lines = false;
    while (at_ < text_.size() && text_[at_] != '\r' && text_[at_] != '\n') {
      if (text_[at_] == '\\')
        lines = TRY(escape(node.value)) || lines;
      else
        node.value += text_[at_++];
    }
    node.span.length = at_ - node.span.offset;
    if (lines) node.locked = "goes over several lines";
    node.scalar = kind_of_text(node.value);
    tree_.nodes.push_back(std::move(node));
    at_ = behind_line_end(text_, at_);
    return {};
  }

  std::string_view text_;
  std::size_t at_;
  Tree tree_;
};

Result<Tree> read(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('\r', at)) != std::string_view::npos; ++at)
    if (at + 1 == text.size() || text[at + 1] != '\n')
      return fail(Errc::unsupported, "line ends of a lone carriage return");
  return Reader(text).read();
}

std::string escaped(std::string_view value, bool key) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    constexpr std::string_view kBytes = "\t\n\r\f", kNames = "tnrf";
    if (const std::size_t n = kBytes.find(c); n != kBytes.npos)
      (out += '\\') += kNames[n];
    else if (c == '\\' || (key && std::string_view(" =:").find(c) != std::string_view::npos) ||
             (i == 0 && (c == ' ' || (key && (c == '#' || c == '!')))))
      (out += '\\') += c;
    else
      out += c;
  }
  return out;
}

Result<Splice> set(std::string_view, const Tree& tree, std::size_t at, std::string_view value) {
  return Splice{tree.nodes[at].span, escaped(value, false)};
}

Result<Splice> add(std::string_view text, const Tree& tree, std::size_t, std::string_view key,
                   std::string_view value) {
  std::string separator = "=", indent;
  const std::size_t last = tree.nodes.size() - 1;
  if (last > 0) {
    const Node& model = tree.nodes[last];
    const std::size_t behind = model.key_span.offset + model.key_span.length;
    const std::string_view between = text.substr(behind, model.span.offset - behind);
    if (!between.empty() && between.find_first_of("\\\r\n") == between.npos) separator = between;
  }
  const std::string line = escaped(key, true) + separator + escaped(value, false);
  return insert_line_after(text, last > 0 ? tree.end_of(last) : text.size(), line);
}

Result<Splice> remove(std::string_view text, const Tree& tree, std::size_t at) {
  const std::size_t start = line_start(text, tree.nodes[at].key_span.offset);
  return remove_lines(text, start, next_line(text, tree.end_of(at)));
}

}  // namespace

const FormatOps kProperties{read, set, add, remove, "", "#!", false};

}  // namespace healer::edit
