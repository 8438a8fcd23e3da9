#include "edit/yaml_read.h"

#include <map>
#include <memory>
#include <set>

#include "edit/yaml_scalar.h"
#include "types/yaml_events.h"

namespace healer::edit {
namespace {

constexpr std::size_t kDepthMax = 64;

using Event = YamlEvents::Event;

struct Anchor {
  std::string name;
  std::size_t node = 0;
  std::size_t uses = 0;
};

struct Place {  // where the next node goes
  std::size_t parent = 0;
  std::string path, key;
  Span key_span;
  bool in_brackets = false;
};

Span span_of(fy_token* token) {
  const fy_mark* start = token != nullptr ? fy_token_start_mark(token) : nullptr;
  const fy_mark* end = token != nullptr ? fy_token_end_mark(token) : nullptr;
  if (start == nullptr || end == nullptr || end->input_pos < start->input_pos) return {};
  return {start->input_pos, end->input_pos - start->input_pos};
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), events_(text) {}

  Result<Tree> read() {
    TRY(events_.open(FYPCF_SLOPPY_FLOW_INDENTATION));
    TRY(documents());
    return std::move(tree_);
  }

 private:
  Result<Event> next() {
    auto event = events_.next();
    if (event) return std::move(*event);
    if (text_.find("{{") != std::string_view::npos) return template_error();
    return fail(Errc::invalid_input,
                "line " + std::to_string(event.error().line) + ": " + event.error().message);
  }

  static std::unexpected<Error> template_error() {
    return fail(Errc::unsupported,
                "the file is a template ({{ … }}): its YAML is known only after rendering");
  }

  Result<void> documents() {
    std::size_t index = 0;
    while (true) {
      Event event = TRY(next());
      if (!event || event->type == FYET_STREAM_END) break;
      if (event->type != FYET_DOCUMENT_START) continue;
      anchors_.clear();
      latest_.clear();
      Event root = TRY(next());
      if (!root) break;
      Place place;
      if (index > 0) place.path = place.key = "@" + std::to_string(index);
      TRY(node(std::move(root), std::move(place), 0));
      lock_anchors();
      ++index;
    }
    if (tree_.nodes.empty()) tree_.nodes.push_back(empty_root());
    return {};
  }

  static Node empty_root() {
    Node node;
    node.scalar = ScalarKind::null;
    return node;
  }

  std::size_t put(const Place& place, NodeKind kind, fy_token* anchor, fy_token* tag) {
    Node node;
    node.path = place.path;
    node.key = place.key;
    node.key_span = place.key_span;
    node.parent = tree_.nodes.empty() ? 0 : place.parent;
    node.kind = kind;
    if (tag != nullptr) node.locked = "has the tag " + tag_text(tag);
    const std::size_t at = tree_.nodes.size();
    tree_.nodes.push_back(std::move(node));
    if (anchor != nullptr) {
      latest_.insert_or_assign(YamlEvents::text_of(anchor), anchors_.size());
      anchors_.push_back({YamlEvents::text_of(anchor), at, 0});
    }
    return at;
  }

  std::string tag_text(fy_token* tag) const {
    const Span span = span_of(tag);
    return span.offset + span.length <= text_.size()
               ? std::string(text_.substr(span.offset, span.length))
               : std::string("?");
  }

  Result<void> node(Event event, Place place, std::size_t depth) {
    if (depth > kDepthMax) return fail(Errc::unsupported, "nested deeper than 64 levels");
    if (!event) return fail(Errc::invalid_input, "the document ends early");
    switch (event->type) {
      case FYET_SCALAR: return scalar(*event, place);
      case FYET_ALIAS: return alias(*event, place);
      case FYET_MAPPING_START: return mapping(*event, place, depth);
      case FYET_SEQUENCE_START: return sequence(*event, place, depth);
      default: break;
    }
    return fail(Errc::invalid_input, "the document ends early");
  }

  Result<void> scalar(fy_event& event, const Place& place) {
    const auto& data = event.scalar;
    const std::size_t at = put(place, NodeKind::scalar, data.anchor, data.tag);
    Node& node = tree_.nodes[at];
    const fy_scalar_style style =
        data.value != nullptr ? fy_scalar_token_get_style(data.value) : FYSS_PLAIN;
    node.span = span_of(data.value);
    node.value = YamlEvents::text_of(data.value);
    if (data.value == nullptr || (node.span.length == 0 && style == FYSS_PLAIN)) {
      node.scalar = ScalarKind::null;
      place_empty(node, data.anchor != nullptr);
      return {};
    }
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) {
      node.quote = style == FYSS_SINGLE_QUOTED ? '\'' : '"';
      node.span = {node.span.offset - 1, node.span.length + 2};
    } else if (style == FYSS_LITERAL || style == FYSS_FOLDED) {
      node.quote = '|';
      if (node.locked.empty()) node.locked = "is a block scalar (| or >)";
    } else {
      const std::size_t brace = node.value.find("{{");
      if (brace != std::string::npos && (brace == 0 || node.value[brace - 1] != '$'))
        return template_error();
      if (data.tag == nullptr) node.scalar = yaml_kind(node.value);
    }
    return {};
  }

  // A value that is not there stands right behind its key's colon, with no bytes.
  void place_empty(Node& node, bool anchored) const {
    std::size_t at = node.key_span.offset + node.key_span.length;
    node.span = {at, 0};
    while (at < text_.size() && text_[at] == ' ') ++at;
    const bool colon = node.key_span.length != 0 && at < text_.size() && text_[at] == ':';
    if (colon) node.span.offset = at + 1;
    if (node.locked.empty() && (!colon || anchored)) node.locked = "has no value to replace";
  }

  Result<void> alias(fy_event& event, const Place& place) {
    const std::string name = YamlEvents::text_of(event.alias.anchor);
    const auto found = latest_.find(name);
    const Span span = span_of(event.alias.anchor);
    if (found == latest_.end()) return syntax_error(text_, span.offset, "unknown anchor *" + name);
    ++anchors_[found->second].uses;
    Node& node = tree_.nodes[put(place, NodeKind::alias, nullptr, nullptr)];
    node.value = "*" + name;
    node.span = {span.offset - 1, span.length + 1};
    node.locked = "is an alias of the anchor &" + name + ": change that";
    return {};
  }

  Result<void> mapping(fy_event& event, const Place& place, std::size_t depth) {
    const auto& data = event.mapping_start;
    const std::size_t at = put(place, NodeKind::map, data.anchor, data.tag);
    const Span start = span_of(data.mapping_start);
    tree_.nodes[at].span = start;
    tree_.nodes[at].in_brackets = start.length == 1;
    std::set<std::string> keys;
    while (true) {
      Event key = TRY(next());
      if (!key) return fail(Errc::invalid_input, "the document ends early");
      if (key->type == FYET_MAPPING_END) {
        close(at, key->mapping_end.mapping_end);
        return {};
      }
      if (key->type != FYET_SCALAR || key_is_block(*key)) {
        if (text_.substr(start.offset).starts_with("{{") || text_.find("{{") != text_.npos)
          return template_error();
        return fail(Errc::unsupported, "line " + std::to_string(line_number(text_, start.offset)) +
                                           ": a map has a key that is not a scalar");
      }
      const Place inner = key_place(*key, at);
      if (inner.key.find("{{") != std::string::npos && key_is_plain(*key)) return template_error();
      if (!keys.insert(inner.key).second)
        return syntax_error(text_, inner.key_span.offset, "key \"" + inner.key + "\" occurs twice");
      Event value = TRY(next());
      TRY(node(std::move(value), inner, depth + 1));
    }
  }

  // "? |": its text stands on lines of its own.
  static bool key_is_block(const fy_event& key) {
    if (key.scalar.value == nullptr) return false;
    const fy_scalar_style style = fy_scalar_token_get_style(key.scalar.value);
    return style == FYSS_LITERAL || style == FYSS_FOLDED;
  }

  static bool key_is_plain(const fy_event& key) {
    return key.scalar.value == nullptr || fy_scalar_token_get_style(key.scalar.value) == FYSS_PLAIN;
  }

  Place key_place(fy_event& key, std::size_t map) {
    Place place;
    place.parent = map;
    place.key = YamlEvents::text_of(key.scalar.value);
    place.key_span = span_of(key.scalar.value);
    if (!key_is_plain(key)) place.key_span = {place.key_span.offset - 1, place.key_span.length + 2};
    place.path = join_key(tree_.nodes[map].path, place.key);
    place.in_brackets = tree_.nodes[map].in_brackets;
    return place;
  }

  Result<void> sequence(fy_event& event, const Place& place, std::size_t depth) {
    const auto& data = event.sequence_start;
    const std::size_t at = put(place, NodeKind::list, data.anchor, data.tag);
    const Span start = span_of(data.sequence_start);
    tree_.nodes[at].span = start;
    tree_.nodes[at].in_brackets =
        start.length == 1 && start.offset < text_.size() && text_[start.offset] == '[';
    for (std::size_t index = 0;; ++index) {
      Event item = TRY(next());
      if (!item) return fail(Errc::invalid_input, "the document ends early");
      if (item->type == FYET_SEQUENCE_END) {
        close(at, item->sequence_end.sequence_end);
        return {};
      }
      Place inner;
      inner.parent = at;
      inner.path = join_index(tree_.nodes[at].path, index);
      inner.in_brackets = tree_.nodes[at].in_brackets;
      TRY(node(std::move(item), std::move(inner), depth + 1));
    }
  }

  void close(std::size_t at, fy_token* end_token) {
    Node& node = tree_.nodes[at];
    if (node.in_brackets) {
      const Span end = span_of(end_token);
      node.span.length = end.offset + end.length - node.span.offset;
    } else {
      node.span.length = 0;
    }
  }

  // Whatever an alias repeats cannot be changed in one place only.
  void lock_anchors() {
    for (const Anchor& anchor : anchors_) {
      if (anchor.uses == 0) continue;
      for (std::size_t i = anchor.node; i < tree_.nodes.size(); ++i) {
        if (!tree_.is_under(i, anchor.node)) break;
        tree_.nodes[i].locked = "is shared by the anchor &" + anchor.name + " (" +
                                std::to_string(anchor.uses) + " x *" + anchor.name + ")";
      }
    }
  }

  std::string_view text_;
  YamlEvents events_;
  Tree tree_;
  std::vector<Anchor> anchors_;                // of this document, in order
  std::map<std::string, std::size_t> latest_;  // an anchor may be defined anew
};

}  // namespace

Result<Tree> read_yaml(std::string_view text) {
  if (!is_utf8(text)) return fail(Errc::invalid_input, "not UTF-8");
  if (text.find('\0') != std::string_view::npos) return fail(Errc::invalid_input, "has a NUL byte");
  return Reader(text).read();
}

}  // namespace healer::edit
