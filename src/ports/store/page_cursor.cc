#include "ports/store/page_cursor.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace healer {

std::string format_cursor(const PageCursor& cursor) {
  return fmt::format("{}.{}", cursor.created, cursor.id);
}

Result<PageCursor> parse_cursor(std::string_view text) {
  PageCursor cursor;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, cursor.created);
  if (code != std::errc() || stop == end || *stop != '.' || stop + 1 == end) {
    return fail(Errc::invalid_input, "the cursor is not one that a page ended with");
  }
  cursor.id.assign(stop + 1, end);
  return cursor;
}

std::size_t page_limit(const IncidentQuery& query) {
  return std::clamp<std::size_t>(query.limit, 1, limits::kPageRowsMax);
}

}  // namespace healer
