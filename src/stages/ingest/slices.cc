#include "stages/ingest/slices.h"

#include <algorithm>
#include <array>

namespace healer {
namespace {

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

// Behind the JSON value that begins at `at`; the end of the text where it does not end.
std::size_t value_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      --depth;
      ++at;
    } else if (depth == 0) {
      if (c == ',') return at;
      at = std::min(text.find_first_of(" \t\r\n,]}\"", at + 1), text.size());
    } else {
      ++at;
      continue;
    }
    if (depth == 0) return at;
  }
  return at;
}

// What follows the opening bracket of the list that a document is, or that it holds as "logs",
// "events" or "records" (the first of these); empty if there is none.
std::string_view list_of(std::string_view text) {
  std::size_t at = skip_blanks(text, 0);
  if (at < text.size() && text[at] == '[') return text.substr(at + 1);
  std::array<std::string_view, 3> lists;
  constexpr std::array<std::string_view, 3> kNames{"\"logs\"", "\"events\"", "\"records\""};
  for (++at; at < text.size();) {
    at = skip_blanks(text, at);
    if (at >= text.size() || text[at] != '"') break;
    const std::size_t end = string_end(text, at);
    const std::string_view name = text.substr(at, end - at);
    at = skip_blanks(text, skip_blanks(text, end) + 1);  // the colon
    if (at < text.size() && text[at] == '[')
      for (std::size_t i = 0; i < kNames.size(); ++i)
        if (name == kNames[i]) lists[i] = text.substr(at + 1);
    at = skip_blanks(text, value_end(text, at)) + 1;  // the comma
  }
  for (const auto list : lists)
    if (!list.empty()) return list;
  return {};
}

}  // namespace

PayloadSlices::PayloadSlices(RawPayload whole, std::size_t bytes_max)
    : whole_(std::move(whole)), bytes_(std::move(whole_.bytes)), bytes_max_(bytes_max) {
  whole_.bytes.clear();
  rest_ = bytes_;
  if (whole_.format != PayloadFormat::json || bytes_.size() <= bytes_max_) return;
  const std::string_view list = list_of(bytes_);
  is_list_ = !list.empty();
  if (is_list_) rest_ = list;
}

std::optional<RawPayload> PayloadSlices::next() {
  if (over_) return std::nullopt;
  if (is_list_) return next_elements();
  const bool lines = whole_.format == PayloadFormat::text || whole_.format == PayloadFormat::ndjson;
  if (lines && rest_.size() > bytes_max_) return next_lines();
  over_ = true;
  RawPayload last = with(std::string(rest_), whole_.format);
  last.is_final = whole_.is_final;
  return last;
}

RawPayload PayloadSlices::with(std::string bytes, PayloadFormat format) const {
  RawPayload out = whole_;
  out.bytes = std::move(bytes);
  out.format = format;
  out.is_final = false;
  return out;
}

RawPayload PayloadSlices::next_lines() {
  std::size_t end = rest_.rfind('\n', bytes_max_ - 1);
  if (end == std::string_view::npos) end = std::min(rest_.find('\n'), rest_.size() - 1);
  RawPayload out = with(std::string(rest_.substr(0, end + 1)), whole_.format);
  rest_.remove_prefix(end + 1);
  return out;
}

RawPayload PayloadSlices::next_elements() {
  std::string list = "[";
  do {
    const std::size_t begin = skip_blanks(rest_, 0);
    const std::size_t end = value_end(rest_, begin);
    if (list.size() > 1 && end > begin) list += ',';
    list += rest_.substr(begin, end - begin);
    const std::size_t comma = skip_blanks(rest_, end);
    over_ = comma >= rest_.size() || rest_[comma] != ',';
    rest_.remove_prefix(std::min(comma + 1, rest_.size()));
  } while (!over_ && list.size() < bytes_max_);
  RawPayload out = with(list + "]", PayloadFormat::json);
  out.is_final = over_ && whole_.is_final;
  return out;
}

}  // namespace healer
