#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "ports/store/rows.h"

namespace healer {

// Which incidents a list shows; an empty member does not filter. Newest first.
struct IncidentQuery {
  std::string status, severity, category, service;
  std::optional<bool> done;
  bool with_hidden = false;
  UnixMs from = 0, to = 0;  // created in [from, to)
  std::string text;         // contained in IncidentRow::text, whatever the case of ASCII letters
  std::string cursor;       // IncidentPage::next of the page before
  std::size_t limit = 50;   // at most limits::kPageRowsMax
};

struct IncidentPage {
  std::vector<IncidentRow> rows;
  std::string next;  // empty: this was the last page
};

// Hidden incidents are in none of them.
struct IncidentStats {
  std::int64_t total = 0, open = 0;
  std::map<std::string, std::int64_t> by_status, by_severity, by_category, by_service;
};

// Blocking, thread-safe reads of what is committed; a page of 50 takes a few milliseconds at most.
class IncidentReader {
 public:
  virtual ~IncidentReader() = default;
  virtual Result<std::optional<IncidentRow>> incident(const std::string& id) = 0;
  virtual Result<std::optional<IncidentRow>> open_incident(std::uint64_t fingerprint) = 0;
  // The newest of that fingerprint, open or done.
  virtual Result<std::optional<IncidentRow>> latest_incident(std::uint64_t fingerprint) = 0;
  // invalid_input where the cursor is not one of ours.
  virtual Result<IncidentPage> incidents(const IncidentQuery& query) = 0;
  // All that are not done, by priority (highest first), then age; bodies included.
  virtual Result<std::vector<IncidentRow>> open_incidents() = 0;
  virtual Result<IncidentStats> incident_stats() = 0;
};

}  // namespace healer
