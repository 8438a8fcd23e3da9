#include "ports/store/sqlite_schema.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/log.h"

namespace healer {

namespace {

constexpr int kApplicationId = 0x6865616c;  // "heal"
constexpr int kSchemaVersion = 2;
constexpr int kDeadOwnerTries = 100, kDeadOwnerWaitMs = 20;
constexpr std::int64_t kCheckBytesMax = 64 * 1024 * 1024;  // a larger file is not read through

// Tables that are read by their key are WITHOUT ROWID: one tree instead of two. `incident` is kept
// narrow (the body is beside it), so that a filter that no index serves reads little. A search for
// text reads `incident_text`, an index of all runs of three characters.
constexpr const char* kSchema = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE journal(workflow TEXT, sequence INTEGER, epoch INTEGER, format INTEGER, at INTEGER,
  bytes BLOB, PRIMARY KEY(workflow, sequence)) WITHOUT ROWID;
CREATE TABLE workflow(id TEXT PRIMARY KEY, kind TEXT, version INTEGER, phase INTEGER, due INTEGER,
  updated INTEGER, state BLOB) WITHOUT ROWID;
CREATE INDEX workflow_unfinished ON workflow(id, kind, phase, due) WHERE phase < 2;
CREATE INDEX workflow_done ON workflow(updated) WHERE phase = 2;
CREATE TABLE lease(name TEXT PRIMARY KEY, epoch INTEGER, owner TEXT, until INTEGER) WITHOUT ROWID;
CREATE TABLE outbox(id TEXT PRIMARY KEY, sink TEXT, bytes BLOB, attempts INTEGER, due INTEGER)
  WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox(due);
CREATE TABLE idempotency(route TEXT, key TEXT, response BLOB, expires INTEGER,
  PRIMARY KEY(route, key)) WITHOUT ROWID;
CREATE INDEX idempotency_expires ON idempotency(expires);
CREATE TABLE value(space TEXT, key TEXT, bytes BLOB, PRIMARY KEY(space, key)) WITHOUT ROWID;
CREATE TABLE checkpoint(source TEXT PRIMARY KEY, bytes BLOB) WITHOUT ROWID;
CREATE TABLE template(id INTEGER PRIMARY KEY, fingerprint INTEGER, alias_of INTEGER, service TEXT,
  birth_key TEXT, text TEXT);
CREATE TABLE count_delta(id INTEGER PRIMARY KEY, bytes BLOB);
CREATE TABLE count(fingerprint INTEGER, bucket INTEGER, instance TEXT, version TEXT, n INTEGER,
  PRIMARY KEY(fingerprint, bucket, instance, version)) WITHOUT ROWID;
CREATE INDEX count_bucket ON count(bucket);
CREATE TABLE incident(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fingerprint INTEGER,
  service TEXT, status TEXT, severity TEXT, category TEXT, done INTEGER, hidden INTEGER,
  created INTEGER, first_seen INTEGER, last_seen INTEGER, count INTEGER, priority INTEGER,
  version INTEGER, text TEXT);
CREATE TABLE incident_body(number INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE incident_text USING fts5(text, content='incident', content_rowid='number',
  columnsize=0, detail=none, tokenize='trigram');
CREATE TRIGGER incident_text_insert AFTER INSERT ON incident BEGIN
  INSERT INTO incident_text(rowid, text) VALUES(new.number, new.text); END;
CREATE TRIGGER incident_text_delete AFTER DELETE ON incident BEGIN
  INSERT INTO incident_text(incident_text, rowid, text) VALUES('delete', old.number, old.text); END;
CREATE TRIGGER incident_text_update AFTER UPDATE OF text ON incident WHEN old.text IS NOT new.text
  BEGIN
  INSERT INTO incident_text(incident_text, rowid, text) VALUES('delete', old.number, old.text);
  INSERT INTO incident_text(rowid, text) VALUES(new.number, new.text); END;
CREATE UNIQUE INDEX incident_open ON incident(fingerprint) WHERE done = 0 AND fingerprint <> 0;
CREATE INDEX incident_fingerprint ON incident(fingerprint, created, id);
CREATE INDEX incident_created ON incident(hidden, created, id);
CREATE INDEX incident_status ON incident(hidden, status, created, id);
CREATE INDEX incident_severity ON incident(hidden, severity, created, id);
CREATE INDEX incident_category ON incident(hidden, category, created, id);
CREATE INDEX incident_service ON incident(hidden, service, created, id);
CREATE INDEX incident_done ON incident(hidden, done, created, id);
)sql";

Error os_error(const std::string& path, std::string_view doing) {
  const int code = errno;
  const Errc errc = code == EACCES || code == EPERM || code == EROFS ? Errc::denied
                    : code == ENOSPC || code == EDQUOT               ? Errc::full
                                                                     : Errc::io;
  return {errc, fmt::format("store: {} {}: {}", doing, path, std::strerror(code))};
}

Error damaged(const std::string& path, std::string_view what) {
  return {
      Errc::corrupt,
      fmt::format("store: {} {}; nothing was changed: restore it from a backup, or move it away "
                  "to begin anew",
                  path, what)};
}

Result<void> sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(os_error(folder, "cannot open"));
  const int rc = ::fsync(fd);
  ::close(fd);
  if (rc != 0) return std::unexpected(os_error(folder, "cannot sync"));
  return {};
}

// Made aside and renamed: a healer.db that is empty or half made is damage, never a fresh start.
Result<void> create_database(const std::string& folder, Millis bucket) {
  const std::string path = database_path(folder), fresh = path + ".new";
  ::unlink(fresh.c_str());
  {
    Db db = TRY(Db::open(fresh, DbAccess::create));
    TRY(db.exec("PRAGMA page_size=4096; PRAGMA synchronous=FULL; BEGIN"));
    TRY(db.exec(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId,
                            kSchemaVersion)));
    TRY(db.exec(kSchema));
    TRY(db.exec(
        fmt::format("INSERT INTO meta VALUES('count_bucket_ms', {}); COMMIT", bucket.count())));
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return std::unexpected(os_error(path, "cannot make"));
  return sync_folder(folder);
}

Result<void> check_database(Db& db, const std::string& path, std::int64_t bytes) {
  auto application = db.integer("PRAGMA application_id");
  if (!application) {
    if (application.error().code == Errc::corrupt)
      return std::unexpected(damaged(path, "is damaged"));
    return std::unexpected(std::move(application).error());
  }
  if (*application != kApplicationId) {
    return std::unexpected(damaged(path, "is not a database of healer"));
  }
  const std::int64_t version = TRY(db.integer("PRAGMA user_version"));
  if (version != kSchemaVersion) {
    return fail(Errc::unsupported,
                fmt::format("store: {} has schema {}, this release knows {}: use the release that "
                            "wrote it",
                            path, version, kSchemaVersion));
  }
  if (bytes > kCheckBytesMax) return {};
  auto statement = TRY(db.prepare("PRAGMA quick_check(1)"));
  const bool row = statement.step() == 100;  // SQLITE_ROW
  if (!row || statement.view(0) != "ok") {
    const std::string said = row ? statement.text(0) : db.error("checking").message;
    log_event(LogLevel::error, "store_damaged", {{"path", path}, {"said", said}});
    return std::unexpected(damaged(path, "is damaged"));
  }
  return {};
}

}  // namespace

std::string database_path(const std::string& folder) { return folder + "/healer.db"; }

Result<Db> open_database(const std::string& folder, long long bytes_max, Millis& bucket) {
  const std::string path = database_path(folder);
  std::error_code code;
  if (!std::filesystem::exists(path, code)) {
    if (std::filesystem::exists(path + "-wal", code)) {
      return std::unexpected(damaged(path, "is gone, but its -wal file is there"));
    }
    TRY(create_database(folder, bucket));
  }
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(path, code));
  if (code || bytes == 0) return std::unexpected(damaged(path, "is empty"));
  Db db = TRY(Db::open(path, DbAccess::read_write));
  TRY(check_database(db, path, bytes));
  TRY(db.exec(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
      "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; PRAGMA journal_size_limit=67108864"));
  if (bytes_max > 0) TRY(db.exec(fmt::format("PRAGMA max_page_count={}", bytes_max / 4096)));
  bucket = Millis(TRY(db.integer("SELECT value FROM meta WHERE key='count_bucket_ms'")));
  return db;
}

Result<FolderLock> FolderLock::take(const std::string& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) {
    errno = code.value();
    return std::unexpected(os_error(folder, "cannot make the data folder"));
  }
  const std::string path = folder + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return std::unexpected(os_error(path, "cannot write"));
  FolderLock lock(fd);
  for (int tries = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++tries) {
    char owner[32] = {};
    const ssize_t n = ::pread(fd, owner, sizeof(owner) - 1, 0);
    const std::string pid(owner, n > 0 ? static_cast<std::size_t>(n) : 0);
    // A child that its dead owner had just started holds the lock until it runs its program.
    const bool dead = !pid.empty() && ::kill(std::atoi(pid.c_str()), 0) != 0 && errno == ESRCH;
    if (dead && tries < kDeadOwnerTries && ::poll(nullptr, 0, kDeadOwnerWaitMs) == 0) continue;
    return fail(Errc::busy, fmt::format("store: {} is in use by process {}", folder,
                                        pid.empty() ? "unknown" : pid));
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return std::unexpected(os_error(path, "cannot write"));
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace healer
