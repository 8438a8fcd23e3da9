#pragma once
#include <string>

#include "base/error.h"
#include "ports/store/incidents.h"

namespace healer {

// Where a page ended: lists are sorted by (created, id), newest first.
struct PageCursor {
  UnixMs created = 0;
  std::string id;
};
std::string format_cursor(const PageCursor& cursor);
Result<PageCursor> parse_cursor(std::string_view text);

// `query.limit` within 1 and limits::kPageRowsMax.
std::size_t page_limit(const IncidentQuery& query);

}  // namespace healer
