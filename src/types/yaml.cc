#include "types/yaml.h"

#include <libfyaml.h>

#include <algorithm>
#include <memory>

namespace healer {
namespace {

constexpr int kDepthMax = 64;
constexpr std::size_t kNodesMax = 100'000;  // aliases counted as often as they are used

struct DocumentFree {
  void operator()(fy_document* document) const { fy_document_destroy(document); }
};
struct DiagFree {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};

int line_of(fy_node* node) {
  const fy_token* token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : nullptr;
  const fy_mark* mark =
      token != nullptr ? fy_token_start_mark(const_cast<fy_token*>(token)) : nullptr;
  return mark != nullptr ? mark->line + 1 : 0;
}

Result<YamlNode> convert(fy_node* node, std::string_view name, int depth, std::size_t& nodes) {
  YamlNode out;
  if (node == nullptr) return out;
  if (depth > kDepthMax)
    return fail(Errc::invalid_input, std::string(name) + ": nested deeper than 64 levels");
  if (++nodes > kNodesMax)
    return fail(Errc::invalid_input, std::string(name) + ": more than 100000 values");
  if (fy_node_is_alias(node)) {
    fy_node* target = fy_node_resolve_alias(node);
    if (target == nullptr)
      return fail(Errc::invalid_input, std::string(name) + ": an alias without its anchor");
    return convert(target, name, depth + 1, nodes);
  }
  out.line = line_of(node);
  if (fy_node_is_scalar(node)) {
    std::size_t length = 0;
    const char* text = fy_node_get_scalar(node, &length);
    if (text != nullptr) out.scalar.assign(text, length);
    const fy_node_style style = fy_node_get_style(node);
    out.quoted = style != FYNS_PLAIN && style != FYNS_ANY;
    out.kind = YamlNode::Kind::scalar;
    if (!out.quoted && (out.scalar.empty() || out.scalar == "~" || out.scalar == "null"))
      out.kind = YamlNode::Kind::null;
  } else if (fy_node_is_sequence(node)) {
    out.kind = YamlNode::Kind::list;
    void* iterator = nullptr;
    while (fy_node* item = fy_node_sequence_iterate(node, &iterator))
      out.items.push_back(TRY(convert(item, name, depth + 1, nodes)));
  } else {
    out.kind = YamlNode::Kind::map;
    void* iterator = nullptr;
    while (fy_node_pair* pair = fy_node_mapping_iterate(node, &iterator)) {
      YamlNode key = TRY(convert(fy_node_pair_key(pair), name, depth + 1, nodes));
      YamlNode value = TRY(convert(fy_node_pair_value(pair), name, depth + 1, nodes));
      if (out.line == 0) out.line = key.line;
      if (key.line != 0) value.line = key.line;
      if (out.find(key.scalar) != nullptr)
        return fail(Errc::invalid_input, std::string(name) + ":" + std::to_string(key.line) +
                                             ": key \"" + key.scalar + "\" occurs twice");
      out.members.emplace_back(std::move(key.scalar), std::move(value));
    }
  }
  return out;
}

// The first message that libfyaml collected, as "NAME:LINE: text".
std::string collected(fy_diag* diag, std::string_view name) {
  void* iterator = nullptr;
  const fy_diag_error* error = fy_diag_errors_iterate(diag, &iterator);
  if (error == nullptr) return std::string(name) + ": not valid YAML";
  return std::string(name) + ":" + std::to_string(error->line) + ": " +
         (error->msg != nullptr ? error->msg : "not valid YAML");
}

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

std::string padded_for_libfyaml(std::string_view text) {
  constexpr std::size_t kPadding = 16;
  std::string out;
  out.reserve(text.size() + kPadding);
  out.append(text).append(kPadding, '\0');
  return out;
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view name) {
  if (!is_plain_text(text))
    return fail(Errc::invalid_input, std::string(name) + ": not UTF-8 text, or has a % directive");
  fy_diag_cfg diag_config{};
  fy_diag_cfg_default(&diag_config);
  diag_config.fp = nullptr;
  diag_config.level = FYET_ERROR;
  const std::unique_ptr<fy_diag, DiagFree> diag(fy_diag_create(&diag_config));
  if (!diag) return fail(Errc::internal, "libfyaml: out of memory");
  fy_diag_set_collect_errors(diag.get(), true);
  fy_parse_cfg config{};
  config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG);
  config.diag = diag.get();
  const std::string padded = padded_for_libfyaml(text);
  const std::unique_ptr<fy_document, DocumentFree> document(
      fy_document_build_from_string(&config, padded.data(), text.size()));
  if (!document) {
    // No document and no error: blank, or comments only.
    void* none = nullptr;
    if (fy_diag_errors_iterate(diag.get(), &none) == nullptr) return YamlNode{};
    return fail(Errc::invalid_input, collected(diag.get(), name));
  }
  std::size_t nodes = 0;
  return convert(fy_document_root(document.get()), name, 0, nodes);
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
