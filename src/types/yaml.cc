#include "types/yaml.h"

#include <algorithm>
#include <map>

#include "types/yaml_events.h"

namespace healer {
namespace {

constexpr int kDepthMax = 64;
constexpr std::size_t kNodesMax = 100'000;  // aliases counted as often as they are used

using Event = YamlEvents::Event;

int height_of(const YamlNode& node) {
  int out = 0;
  for (const auto& item : node.items) out = std::max(out, 1 + height_of(item));
  for (const auto& [key, value] : node.members) out = std::max(out, 1 + height_of(value));
  return out;
}

std::size_t size_of(const YamlNode& node) {
  std::size_t out = 1;
  for (const auto& item : node.items) out += size_of(item);
  for (const auto& [key, value] : node.members) out += size_of(value);
  return out;
}

// Builds the tree from events, as src/edit does: one way into libfyaml to keep safe.
class TreeReader {
 public:
  TreeReader(std::string_view text, std::string_view name) : name_(name), events_(text) {}

  Result<YamlNode> read() {
    TRY(events_.open());
    YamlNode root;
    for (Event event = TRY(next()); event; event = TRY(next())) {
      if (event->type == FYET_DOCUMENT_END) break;
      if (event->type == FYET_STREAM_START || event->type == FYET_DOCUMENT_START) continue;
      if (event->type == FYET_STREAM_END) return YamlNode{};  // blank, or comments only
      root = TRY(node(std::move(event), 0));
    }
    TRY(next());  // what stands behind the document may be wrong too
    return root;
  }

 private:
  std::unexpected<Error> wrong(const std::string& what) const {
    return fail(Errc::invalid_input, std::string(name_) + ": " + what);
  }

  Result<Event> next() {
    auto event = events_.next();
    if (event) return std::move(*event);
    const YamlError& error = event.error();
    if (error.line == 0) return wrong(error.message);
    return fail(Errc::invalid_input,
                std::string(name_) + ":" + std::to_string(error.line) + ": " + error.message);
  }

  Result<YamlNode> node(Event event, int depth) {
    if (!event) return wrong("it ends early");
    if (depth > kDepthMax) return wrong("nested deeper than 64 levels");
    if (++nodes_ > kNodesMax) return wrong("more than 100000 values");
    if (event->type == FYET_ALIAS) return alias(*event, depth);
    YamlNode out;
    fy_token* anchor = nullptr;
    if (event->type == FYET_SCALAR) {
      anchor = event->scalar.anchor;
      out = scalar(*event);
    } else if (event->type == FYET_SEQUENCE_START) {
      anchor = event->sequence_start.anchor;
      out = TRY(list(depth));
    } else if (event->type == FYET_MAPPING_START) {
      anchor = event->mapping_start.anchor;
      out = TRY(map(depth));
    } else {
      return wrong("it ends early");
    }
    if (anchor != nullptr) anchors_.insert_or_assign(YamlEvents::text_of(anchor), out);
    return out;
  }

  Result<YamlNode> alias(fy_event& event, int depth) {
    const auto found = anchors_.find(YamlEvents::text_of(event.alias.anchor));
    if (found == anchors_.end()) return wrong("an alias without its anchor");
    nodes_ += size_of(found->second);
    if (nodes_ > kNodesMax) return wrong("more than 100000 values");
    if (depth + height_of(found->second) > kDepthMax) return wrong("nested deeper than 64 levels");
    return found->second;
  }

  static YamlNode scalar(fy_event& event) {
    YamlNode out;
    fy_token* value = event.scalar.value;
    const fy_mark* mark = value != nullptr ? fy_token_start_mark(value) : nullptr;
    out.line = mark != nullptr ? mark->line + 1 : 0;
    out.scalar = YamlEvents::text_of(value);
    out.quoted = value != nullptr && fy_scalar_token_get_style(value) != FYSS_PLAIN;
    const bool is_null =
        !out.quoted && (out.scalar.empty() || out.scalar == "~" || out.scalar == "null");
    out.kind = is_null ? YamlNode::Kind::null : YamlNode::Kind::scalar;
    return out;
  }

  Result<YamlNode> list(int depth) {
    YamlNode out;
    out.kind = YamlNode::Kind::list;
    while (true) {
      Event event = TRY(next());
      if (event && event->type == FYET_SEQUENCE_END) return out;
      out.items.push_back(TRY(node(std::move(event), depth + 1)));
    }
  }

  Result<YamlNode> map(int depth) {
    YamlNode out;
    out.kind = YamlNode::Kind::map;
    while (true) {
      Event event = TRY(next());
      if (event && event->type == FYET_MAPPING_END) return out;
      YamlNode key = TRY(node(std::move(event), depth + 1));
      if (key.kind != YamlNode::Kind::scalar && !key.is_null())
        return wrong("a key is not one word");
      event = TRY(next());
      YamlNode value = TRY(node(std::move(event), depth + 1));
      if (out.line == 0) out.line = key.line;
      if (key.line != 0) value.line = key.line;
      if (out.find(key.scalar) != nullptr)
        return fail(Errc::invalid_input, std::string(name_) + ":" + std::to_string(key.line) +
                                             ": key \"" + key.scalar + "\" occurs twice");
      out.members.emplace_back(std::move(key.scalar), std::move(value));
    }
  }

  const std::string_view name_;
  YamlEvents events_;
  std::size_t nodes_ = 0;
  std::map<std::string, YamlNode> anchors_;  // of whole nodes: none holds itself
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// libfyaml may loop for ever over bytes that are no text, and over odd directives; our own files
// need neither.
bool is_plain_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead == '%' && (at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r')) return false;
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || lead == 0 || at + length > text.size()) return false;
    for (std::size_t i = 1; i < length; ++i)
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0U) != 0x80U) return false;
    at += length;
  }
  return true;
}

}  // namespace

YamlNode::YamlNode() = default;
YamlNode::YamlNode(const YamlNode&) = default;
YamlNode::YamlNode(YamlNode&&) noexcept = default;
YamlNode& YamlNode::operator=(const YamlNode&) = default;
YamlNode& YamlNode::operator=(YamlNode&&) noexcept = default;
YamlNode::~YamlNode() = default;

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto it =
      std::ranges::find_if(members, [&](const auto& member) { return member.first == key; });
  return it == members.end() ? nullptr : &it->second;
}

std::string YamlNode::text(std::string_view key, std::string_view fallback) const {
  const YamlNode* node = find(key);
  return node != nullptr && node->kind == Kind::scalar ? node->scalar : std::string(fallback);
}

std::vector<std::string> YamlNode::texts(std::string_view key) const {
  std::vector<std::string> out;
  const YamlNode* node = find(key);
  if (node == nullptr) return out;
  if (node->kind == Kind::scalar) out.push_back(node->scalar);
  for (const auto& item : node->items)
    if (item.kind == Kind::scalar) out.push_back(item.scalar);
  return out;
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view name) {
  if (!is_plain_text(text))
    return fail(Errc::invalid_input, std::string(name) + ": not UTF-8 text, or has a % directive");
  return TreeReader(text, name).read();
}

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t best_distance = 4;
  for (const auto candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return std::string(best);
}

Result<void> check_keys(const YamlNode& map, const std::vector<std::string_view>& known,
                        std::string_view name) {
  for (const auto& [key, value] : map.members) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const std::string nearest = nearest_word(key, known);
    return fail(Errc::invalid_input,
                std::string(name) + ":" + std::to_string(value.line) + ": unknown key \"" + key +
                    "\"" + (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
  }
  return {};
}

}  // namespace healer
