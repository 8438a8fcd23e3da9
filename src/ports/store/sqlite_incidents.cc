#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <vector>

#include "ports/store/page_cursor.h"
#include "ports/store/sqlite_reader.h"

namespace healer::sqlite_read {

namespace {

constexpr const char* kSelect =
    "SELECT i.id,fingerprint,service,status,severity,category,done,hidden,created,first_seen,"
    "last_seen,count,priority,version,text,body "
    "FROM incident i JOIN incident_body b ON b.number=i.number ";

// A search takes the matches of the text index where they are at most this many; else it reads the
// list, where a page of them is soon found.
constexpr std::int64_t kMatchesReadMax = 1000;

IncidentRow incident_row(const Statement& s) {
  IncidentRow row;
  row.id = s.text(0);
  row.fingerprint = s.unsigned_integer(1);
  row.service = s.text(2);
  row.status = s.text(3);
  row.severity = s.text(4);
  row.category = s.text(5);
  row.done = s.integer(6) != 0;
  row.hidden = s.integer(7) != 0;
  row.created = s.integer(8);
  row.first_seen = s.integer(9);
  row.last_seen = s.integer(10);
  row.count = s.integer(11);
  row.priority = s.integer(12);
  row.version = s.integer(13);
  row.text = s.text(14);
  row.body_json = s.text(15);
  return row;
}

Result<std::vector<IncidentRow>> rows_of(Db& db, Statement& s) {
  ResetLater reset(s);
  std::vector<IncidentRow> out;
  int rc = s.step();
  for (; rc == SQLITE_ROW; rc = s.step()) out.push_back(incident_row(s));
  if (rc != SQLITE_DONE) return std::unexpected(db.error("reading incidents"));
  return out;
}

Result<std::optional<IncidentRow>> first_of(Db& db, Statement& s) {
  auto rows = TRY(rows_of(db, s));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::string like_pattern(const std::string& text) {
  std::string out = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

// For the text index: runs of three characters that together cover the text; empty where it has
// fewer.
std::string runs_of_three(std::string_view text) {
  std::vector<std::size_t> starts;  // of its characters
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] & 0xc0) != 0x80) starts.push_back(i);
  const std::size_t characters = starts.size();
  starts.push_back(text.size());
  std::string out;
  for (std::size_t at = 0; characters >= 3 && at < characters; at += 3) {
    const std::size_t from = std::min(at, characters - 3);
    out += out.empty() ? "\"" : " AND \"";
    for (const char c : text.substr(starts[from], starts[from + 3] - starts[from]))
      out += c == '"' ? std::string(2, c) : std::string(1, c);
    out += '"';
  }
  return out;
}

// Only the filters in use are in the text, so that SQLite sees which index serves.
std::string filters_sql(const IncidentQuery& query) {
  std::string sql = query.with_hidden ? "WHERE hidden IN (0,1)" : "WHERE hidden=0";
  if (!query.status.empty()) sql += " AND status=?1";
  if (!query.severity.empty()) sql += " AND severity=?2";
  if (!query.category.empty()) sql += " AND category=?3";
  if (!query.service.empty()) sql += " AND service=?4";
  if (query.done) sql += " AND done=?5";
  if (query.from != 0) sql += " AND created>=?6";
  if (query.to != 0) sql += " AND created<?7";
  if (!query.text.empty()) sql += " AND text LIKE ?8 ESCAPE '\\'";
  if (!query.cursor.empty()) sql += " AND (created,i.id)<(?9,?10)";
  return sql + " ORDER BY created DESC, i.id DESC LIMIT ?11";
}

std::string list_sql(const IncidentQuery& query) { return kSelect + filters_sql(query); }

// The same rows out of those whose numbers are in the JSON array ?12.
std::string search_sql(const IncidentQuery& query) {
  return "WITH page AS MATERIALIZED (SELECT i.number AS at FROM json_each(?12) "
         "CROSS JOIN incident i ON i.number=value " +
         filters_sql(query) + ") " + kSelect +
         "WHERE i.number IN (SELECT at FROM page) ORDER BY created DESC, i.id DESC";
}

// Numbers of all incidents that may have the text, as a JSON array. nullopt: too many, or the index
// does not serve.
Result<std::optional<std::string>> find_text(Db& db, const std::string& text) {
  const std::string runs = runs_of_three(text);
  if (runs.empty() || text.contains('\0')) return std::nullopt;
  Statement& s =
      *TRY(db.cached("SELECT rowid FROM incident_text WHERE incident_text MATCH ?1 LIMIT ?2"));
  ResetLater reset(s);
  s.bind(1, runs).bind(2, kMatchesReadMax + 1);
  std::string numbers = "[";
  std::int64_t found = 0;
  int rc = s.step();
  for (; rc == SQLITE_ROW; rc = s.step(), ++found)
    numbers += (found == 0 ? "" : ",") + std::to_string(s.integer(0));
  if (rc != SQLITE_DONE) return std::unexpected(db.error("searching incidents"));
  if (found > kMatchesReadMax) return std::nullopt;
  return numbers + "]";
}

Result<void> add_groups(Db& db, const char* column, std::map<std::string, std::int64_t>& out) {
  Statement& s = *TRY(db.cached(
      fmt::format("SELECT {0},count(*) FROM incident WHERE hidden=0 GROUP BY {0}", column)));
  ResetLater reset(s);
  int rc = s.step();
  for (; rc == SQLITE_ROW; rc = s.step()) out[s.text(0)] = s.integer(1);
  if (rc != SQLITE_DONE) return std::unexpected(db.error("counting incidents"));
  return {};
}

}  // namespace

Result<std::optional<IncidentRow>> incident(Db& db, const std::string& id) {
  Statement& s = *TRY(db.cached(std::string(kSelect) + "WHERE i.id=?1"));
  s.bind(1, id);
  return first_of(db, s);
}

Result<std::optional<IncidentRow>> incident_of(Db& db, std::uint64_t fingerprint, bool open_only) {
  Statement& s = *TRY(db.cached(std::string(kSelect) + "WHERE fingerprint=?1" +
                                (open_only ? " AND done=0" : "") +
                                " ORDER BY created DESC, i.id DESC LIMIT 1"));
  s.bind(1, fingerprint);
  return first_of(db, s);
}

Result<IncidentPage> incidents(Db& db, const IncidentQuery& query) {
  PageCursor cursor;
  if (!query.cursor.empty()) cursor = TRY(parse_cursor(query.cursor));
  const std::size_t limit = page_limit(query);
  const std::string pattern = like_pattern(query.text);
  std::optional<std::string> found;
  if (!query.text.empty()) found = TRY(find_text(db, query.text));
  Statement& s = *TRY(db.cached(found ? search_sql(query) : list_sql(query)));
  s.bind(1, query.status).bind(2, query.severity).bind(3, query.category).bind(4, query.service);
  s.bind(5, int{query.done.value_or(false)}).bind(6, query.from).bind(7, query.to);
  s.bind(8, pattern).bind(9, cursor.created).bind(10, cursor.id);
  s.bind(11, static_cast<std::int64_t>(limit + 1));
  if (found) s.bind(12, *found);
  IncidentPage page;
  page.rows = TRY(rows_of(db, s));
  if (page.rows.size() > limit) {
    page.rows.pop_back();
    page.next = format_cursor({page.rows.back().created, page.rows.back().id});
  }
  return page;
}

Result<std::vector<IncidentRow>> open_incidents(Db& db) {
  // The fingerprint index knows only those with one; this reads the index of (hidden, done).
  Statement& s = *TRY(db.cached(std::string(kSelect) + "WHERE hidden IN (0,1) AND done=0 "
                                                       "ORDER BY priority DESC, created, i.id"));
  return rows_of(db, s);
}

Result<IncidentStats> incident_stats(Db& db) {
  IncidentStats stats;
  TRY(add_groups(db, "status", stats.by_status));
  TRY(add_groups(db, "severity", stats.by_severity));
  TRY(add_groups(db, "category", stats.by_category));
  TRY(add_groups(db, "service", stats.by_service));
  std::map<std::string, std::int64_t> by_done;
  TRY(add_groups(db, "done", by_done));
  for (const auto& [done, n] : by_done) stats.total += n;
  stats.open = by_done["0"];
  return stats;
}

}  // namespace healer::sqlite_read
