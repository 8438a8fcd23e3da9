#include "ports/store/sqlite_db.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

namespace healer {

namespace {

constexpr std::size_t kCachedStatementsMax = 200;

Errc errc_of(int code, int os_error) {
  switch (code & 0xff) {
    case SQLITE_FULL: return Errc::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    case SQLITE_CONSTRAINT: return Errc::conflict;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH: return Errc::denied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::busy;
    case SQLITE_IOERR:
      return os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG ? Errc::full : Errc::io;
    case SQLITE_CANTOPEN:
      return os_error == EACCES || os_error == EROFS || os_error == EPERM ? Errc::denied : Errc::io;
    default: return Errc::io;
  }
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(stmt_); }

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(stmt_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() ? text.data() : "";
  sqlite3_bind_text64(stmt_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() ? bytes.data() : "";
  sqlite3_bind_blob64(stmt_, index, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

int Statement::step() { return sqlite3_step(stmt_); }
void Statement::reset() { sqlite3_reset(stmt_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(stmt_, column); }

std::string_view Statement::view(int column) const {
  const void* data = sqlite3_column_blob(stmt_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column));
  return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
}

std::string Statement::text(int column) const { return std::string(view(column)); }

Result<Db> Db::open(const std::string& path, DbAccess access) {
  sqlite3* raw = nullptr;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
  if (access == DbAccess::create) flags |= SQLITE_OPEN_CREATE;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Db db(raw, path);
  if (rc != SQLITE_OK) return std::unexpected(db.error("opening"));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, 2000);
  if (access == DbAccess::read_only) TRY(db.exec("PRAGMA query_only=1"));
  return db;
}

Db::Db(Db&& other) noexcept
    : db_(std::exchange(other.db_, nullptr)),
      path_(std::move(other.path_)),
      cache_(std::move(other.cache_)) {}

Db::~Db() {
  cache_.clear();
  sqlite3_close_v2(db_);
}

Result<void> Db::exec(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(error(sql.substr(0, 60)));
  }
  return {};
}

Result<Statement> Db::prepare(std::string_view sql) {
  sqlite3_stmt* stmt = nullptr;
  const int rc = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &stmt, nullptr);
  if (rc != SQLITE_OK) return std::unexpected(error(sql.substr(0, 60)));
  return Statement(stmt);
}

Result<Statement*> Db::cached(const std::string& sql) {
  if (auto it = cache_.find(sql); it != cache_.end()) return &it->second;
  if (cache_.size() >= kCachedStatementsMax) cache_.clear();
  auto statement = TRY(prepare(sql));
  return &cache_.emplace(sql, std::move(statement)).first->second;
}

Result<std::int64_t> Db::integer(const std::string& sql) {
  auto statement = TRY(prepare(sql));
  const int rc = statement.step();
  if (rc == SQLITE_ROW) return statement.integer(0);
  if (rc == SQLITE_DONE) return fail(Errc::not_found, "no row: " + sql);
  return std::unexpected(error(sql));
}

bool Db::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
std::int64_t Db::changes() const { return sqlite3_changes64(db_); }

Error Db::error(std::string_view doing) const {
  const int code = db_ ? sqlite3_extended_errcode(db_) : SQLITE_NOMEM;
  const bool of_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const int os_error = db_ && of_system ? sqlite3_system_errno(db_) : 0;  // else of an older call
  const Errc errc = errc_of(code, os_error);
  const char* said = db_ ? sqlite3_errmsg(db_) : "out of memory";
  std::string message = fmt::format("{}: {}: {}", path_, doing, said);
  if (os_error != 0) message += fmt::format(" ({})", std::strerror(os_error));
  if (errc == Errc::full) message += "; free some space, nothing needs a restart";
  if (errc == Errc::corrupt) {
    message +=
        "; the file is damaged and was left as it is: stop healer, then restore it from a backup, "
        "or "
        "move it away to begin anew";
  }
  return Error{errc, std::move(message)};
}

}  // namespace healer
