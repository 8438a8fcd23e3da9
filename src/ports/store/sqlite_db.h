#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

// The only wrapper of SQLite's C API. One Db is used by one thread at a time.
namespace healer {

// A prepared statement, reset and reused. Bound bytes are not copied: they must live until reset.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* stmt) : stmt_(stmt) {}
  Statement(Statement&& other) noexcept : stmt_(std::exchange(other.stmt_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(stmt_, other.stmt_);
    return *this;
  }
  ~Statement();

  Statement& bind(int index, std::int64_t value);  // index from 1
  Statement& bind(int index, std::uint64_t value) {
    return bind(index, static_cast<std::int64_t>(value));
  }
  Statement& bind(int index, int value) { return bind(index, std::int64_t{value}); }
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);

  int step();  // SQLITE_ROW, SQLITE_DONE or an error
  void reset();
  int run() {  // one step that yields no row, then reset
    const int rc = step();
    reset();
    return rc;
  }

  std::int64_t integer(int column) const;  // column from 0
  std::uint64_t unsigned_integer(int column) const {
    return static_cast<std::uint64_t>(integer(column));
  }
  std::string text(int column) const;       // blobs too
  std::string_view view(int column) const;  // until the next step

  explicit operator bool() const { return stmt_ != nullptr; }

 private:
  sqlite3_stmt* stmt_ = nullptr;
};

// Resets at the end of the scope, so that an early return leaves no open read.
class ResetLater {
 public:
  explicit ResetLater(Statement& statement) : statement_(statement) {}
  ~ResetLater() { statement_.reset(); }
  ResetLater(const ResetLater&) = delete;

 private:
  Statement& statement_;
};

enum class DbAccess { read_only, read_write, create };

class Db {
 public:
  static Result<Db> open(const std::string& path, DbAccess access);
  Db(Db&& other) noexcept;
  Db& operator=(Db&&) = delete;
  ~Db();

  Result<void> exec(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  // Prepared once and kept for the life of the Db.
  Result<Statement*> cached(const std::string& sql);
  Result<std::int64_t> integer(const std::string& sql);  // the first column of the first row

  bool in_transaction() const;
  std::int64_t changes() const;  // rows touched by the last statement
  // The error of the last call in our words. full, corrupt, conflict, denied, busy or io.
  Error error(std::string_view doing) const;
  sqlite3* raw() const { return db_; }

 private:
  Db(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  sqlite3* db_;
  std::string path_;
  std::unordered_map<std::string, Statement> cache_;
};

}  // namespace healer
