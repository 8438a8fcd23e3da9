#include "types/yaml_events.h"

#include <algorithm>

namespace healer {
namespace {

constexpr std::size_t kPadding = 16;  // libfyaml may read some bytes behind what it was given
constexpr std::string_view kBlank = " \t";

bool has_explicit_key(std::string_view text) {
  constexpr std::string_view kBefore = " \t\r\n[{,", kBehind = " \t\r\n";
  for (auto at = text.find('?'); at != text.npos; at = text.find('?', at + 1)) {
    const bool starts = at == 0 || kBefore.contains(text[at - 1]);
    if (starts && (at + 1 == text.size() || kBehind.contains(text[at + 1]))) return true;
  }
  return false;
}

// libfyaml corrupts its indents where a tab stands behind a colon in a "?" key: the line of
// such a tab, 0 if there is none.
int deadly_line(std::string_view text) {
  if (text.find('\t') == text.npos || !has_explicit_key(text)) return 0;
  for (auto at = text.find(':'); at != text.npos; at = text.find(':', at + 1)) {
    const auto end = std::min(text.find_first_not_of(kBlank, at + 1), text.size());
    if (text.substr(at + 1, end - at - 1).contains('\t'))
      return 1 + static_cast<int>(std::ranges::count(text.substr(0, at), '\n'));
  }
  return 0;
}

}  // namespace

YamlEvents::YamlEvents(std::string_view text)
    : size_(text.size()), deadly_line_(deadly_line(text)) {
  padded_.reserve(size_ + kPadding);
  padded_.append(text).append(kPadding, '\0');
}

Result<void> YamlEvents::open(unsigned flags) {
  fy_diag_cfg diag_config{};
  fy_diag_cfg_default(&diag_config);
  diag_config.fp = nullptr;
  diag_config.level = FYET_ERROR;
  diag_.reset(fy_diag_create(&diag_config));
  if (!diag_) return fail(Errc::internal, "libfyaml: out of memory");
  fy_diag_set_collect_errors(diag_.get(), true);
  fy_parse_cfg config{};
  config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG | flags);
  config.diag = diag_.get();
  parser_.reset(fy_parser_create(&config));
  if (!parser_ || fy_parser_set_string(parser_.get(), padded_.data(), size_) != 0)
    return fail(Errc::internal, "libfyaml: out of memory");
  return {};
}

std::expected<YamlEvents::Event, YamlError> YamlEvents::next() {
  if (deadly_line_ != 0)
    return std::unexpected(
        YamlError{deadly_line_, "a tab behind a colon, in a file with \"?\" keys"});
  Event event(fy_parser_parse(parser_.get()), YamlFree{parser_.get()});
  const bool failed = fy_parser_get_stream_error(parser_.get());
  if (event && !failed) return event;
  void* iterator = nullptr;
  const fy_diag_error* error = fy_diag_errors_iterate(diag_.get(), &iterator);
  if (error == nullptr && !failed) return Event{};
  YamlError out;
  if (error != nullptr) out.line = error->line;
  if (error != nullptr && error->msg != nullptr) out.message = error->msg;
  return std::unexpected(std::move(out));
}

std::string YamlEvents::text_of(fy_token* token) {
  std::size_t length = 0;
  const char* text = token != nullptr ? fy_token_get_text(token, &length) : nullptr;
  return text != nullptr ? std::string(text, length) : std::string();
}

}  // namespace healer
