// What only a store on a disk can meet: full, read-only, locked, damaged, killed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "base/limits.h"
#include "ports/store/fault_vfs.h"
#include "ports/store/sqlite_db.h"
#include "ports/store/store.h"

namespace healer {
namespace {

struct SqliteStoreTest : testing::Test {
  void SetUp() override {
    fault_vfs::install();
    char path[] = "/tmp/healer_sqlite_XXXXXX";
    folder = mkdtemp(path);
  }
  void TearDown() override {
    fault_vfs::write_result = fault_vfs::sync_result = SQLITE_OK;
    store.reset();
    std::filesystem::remove_all(folder);
  }
  Result<std::unique_ptr<Store>> try_open() { return open_sqlite_store({.folder = folder}, clock); }
  void open() {
    store.reset();
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
  Error open_error() {
    auto opened = try_open();
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }
  CommitResult put(const std::string& key, const std::string& bytes = "v") {
    WriteBatch batch;
    batch.add(PutValue{{"s", key, bytes}});
    return commit_and_wait(*store, std::move(batch));
  }
  std::string database() const { return folder + "/healer.db"; }

  FakeClock clock;
  std::string folder;
  std::unique_ptr<Store> store;
};

TEST_F(SqliteStoreTest, a_second_owner_is_told_the_pid_of_the_first) {
  open();
  const Error error = open_error();
  EXPECT_EQ(error.code, Errc::busy);
  EXPECT_NE(error.message.find("process " + std::to_string(getpid())), std::string::npos);
  store.reset();
  open();
}

// A process that a killed owner was just starting holds its lock for a moment.
TEST_F(SqliteStoreTest, the_lock_of_a_dead_owner_is_waited_for) {
  const int fd = ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_EQ(::flock(fd, LOCK_EX | LOCK_NB), 0);
  ASSERT_EQ(::write(fd, "999999999", 9), 9);
  std::future<void> gone = std::async(std::launch::async, [fd] { ::close(fd); });
  open();
}

TEST_F(SqliteStoreTest, a_full_disk_refuses_and_recovers) {
  open();
  ASSERT_TRUE(put("before").ok());
  fault_vfs::write_result = SQLITE_FULL;
  const CommitResult refused = put("during");
  EXPECT_EQ(refused.status, CommitStatus::full);
  EXPECT_NE(refused.message.find("free some space"), std::string::npos);
  EXPECT_EQ(*store->value("s", "before"), "v");
  fault_vfs::write_result = SQLITE_OK;
  EXPECT_TRUE(put("after").ok());
  open();
  EXPECT_EQ(*store->value("s", "during"), std::nullopt);
  EXPECT_EQ(*store->value("s", "after"), "v");
}

TEST_F(SqliteStoreTest, a_failed_sync_is_not_an_ok) {
  open();
  fault_vfs::sync_result = SQLITE_IOERR_FSYNC;
  EXPECT_EQ(put("during").status, CommitStatus::io);
  fault_vfs::sync_result = SQLITE_OK;
  EXPECT_TRUE(put("after").ok());
  open();
  EXPECT_EQ(*store->value("s", "during"), std::nullopt);
  EXPECT_EQ(*store->value("s", "after"), "v");
}

TEST_F(SqliteStoreTest, a_batch_too_large_for_the_limit_harms_no_other) {
  auto opened = open_sqlite_store({.folder = folder, .bytes_max = 2'000'000}, clock);
  ASSERT_TRUE(opened);
  store = std::move(*opened);
  std::promise<void> hold, held, all;
  auto release = hold.get_future().share();
  store->commit({}, [&, release](const CommitResult&) {
    held.set_value();
    release.wait();
  });
  held.get_future().wait();  // now three batches are one group
  CommitResult results[3];
  int left = 3;
  for (std::size_t i = 0; i < 3; ++i) {
    WriteBatch batch;
    batch.add(PutValue{{"s", std::to_string(i), std::string(i == 1 ? 3'000'000 : 10, 'x')}});
    store->commit(std::move(batch), [&, i](const CommitResult& result) {
      results[i] = result;
      if (--left == 0) all.set_value();
    });
  }
  hold.set_value();
  all.get_future().wait();
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(results[1].status, CommitStatus::full);
  EXPECT_TRUE(results[2].ok());
  EXPECT_EQ(*store->value("s", "1"), std::nullopt);
}

TEST_F(SqliteStoreTest, the_queue_is_bounded_but_for_accepted_work) {
  open();
  std::promise<void> hold, held;
  auto release = hold.get_future().share();
  store->commit({}, [&, release](const CommitResult&) {
    held.set_value();
    release.wait();
  });
  held.get_future().wait();
  for (std::size_t i = 0; i < limits::kWriteQueueMax; ++i) store->commit({}, {});
  CommitResult refused;
  store->commit({}, [&](const CommitResult& result) { refused = result; });
  EXPECT_EQ(refused.status, CommitStatus::busy);
  std::promise<CommitStatus> taken;
  WriteBatch accepted;
  accepted.accepted = true;
  store->commit(std::move(accepted), [&](const CommitResult& r) { taken.set_value(r.status); });
  hold.set_value();
  EXPECT_EQ(taken.get_future().get(), CommitStatus::ok);
}

TEST_F(SqliteStoreTest, what_is_queued_is_written_before_it_closes) {
  open();
  std::atomic<int> ok = 0;
  for (int i = 0; i < 500; ++i) {
    WriteBatch batch;
    batch.add(PutValue{{"s", std::to_string(i), "v"}});
    store->commit(std::move(batch), [&](const CommitResult& r) { ok += r.ok() ? 1 : 0; });
  }
  store.reset();
  EXPECT_EQ(ok, 500);
  open();
  EXPECT_EQ(store->values("s", "")->size(), 500U);
}

TEST_F(SqliteStoreTest, the_log_is_checkpointed_between_groups) {
  open();
  const std::string bytes(40'000, 'x');
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(put(std::to_string(i % 50), bytes).ok());
  EXPECT_LT(std::filesystem::file_size(database() + "-wal"), 6'000'000U);  // of 12 MB written
  store.reset();
  EXPECT_FALSE(std::filesystem::exists(database() + "-wal"));
}

TEST_F(SqliteStoreTest, counts_survive_kill_9) {
  const pid_t child = fork();
  if (child == 0) {
    auto opened = try_open();
    if (!opened) _exit(1);
    for (int i = 0; i < 10; ++i) {
      WriteBatch batch;
      batch.add(CountDelta{7, clock.wall_ms(), "i", "v", 3});
      if (!commit_and_wait(**opened, std::move(batch)).ok()) _exit(1);
    }
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  open();  // folds what the child left
  const auto counts = *store->counts(7, 0, clock.wall_ms() + 1);
  ASSERT_EQ(counts.size(), 1U);
  EXPECT_EQ(counts[0].n, 30);
}

TEST_F(SqliteStoreTest, forgets_what_is_old) {
  open();
  WriteBatch batch;
  batch.add(CountDelta{7, clock.wall_ms(), "i", "v", 3});
  batch.add(PutIdempotency{{"k", "r", "response", clock.wall_ms() + 1000}});
  batch.add(
      PutWorkflow{{.id = "old", .phase = WorkflowPhase::done, .updated = clock.wall_ms()}, 0});
  batch.add(PutWorkflow{{.id = "open", .updated = clock.wall_ms()}, 0});
  batch.add(JournalRow{"old", 1, 1, 1, 1, "x"});
  batch.add(JournalRow{"open", 1, 1, 1, 1, "x"});
  for (const bool done : {true, false}) {
    IncidentRow row{.id = done ? "healed" : "open", .done = done, .created = clock.wall_ms()};
    row.text = "the pool is empty";
    batch.add(PutIncident{std::move(row), 0});
  }
  ASSERT_TRUE(commit_and_wait(*store, std::move(batch)).ok());
  clock.advance(Millis(86'400'000 + 20'000));
  open();
  EXPECT_TRUE(store->counts(7, 0, clock.wall_ms())->empty());
  EXPECT_EQ(store->journal("old")->size(), 1U);
  clock.advance(Millis(7 * 86'400'000LL));
  open();
  EXPECT_TRUE(store->journal("old")->empty());
  EXPECT_FALSE(store->workflow("old")->has_value());
  EXPECT_EQ(store->journal("open")->size(), 1U);
  EXPECT_TRUE(store->workflow("open")->has_value());
  EXPECT_EQ(store->incident_stats()->total, 2);
  clock.advance(Millis(365 * 86'400'000LL));
  open();
  EXPECT_FALSE(store->incident("healed")->has_value());
  EXPECT_TRUE(store->incident("open")->has_value());
  EXPECT_EQ(store->incidents({.text = "pool"})->rows.size(), 1U);
}

TEST_F(SqliteStoreTest, a_file_keeps_the_bucket_it_was_made_with) {
  {
    auto made = open_sqlite_store({.folder = folder, .count_bucket = Millis(500)}, clock);
  }
  open();
  EXPECT_EQ(store->bucket_length(), Millis(500));
}

// Damage: each ends in a sentence that names the file, and leaves it as it was.
struct Damage {
  const char* name;
  Errc code;
  void (*make)(const std::string& database);
};

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

const Damage kDamages[] = {
    {"garbage", Errc::corrupt, [](auto& path) { write_file(path, std::string(8192, 'g')); }},
    {"empty", Errc::corrupt, [](auto& path) { write_file(path, ""); }},
    {"gone_but_for_its_log", Errc::corrupt,
     [](auto& path) {
       std::filesystem::remove(path);
       write_file(path + "-wal", "left");
     }},
    {"cut_short", Errc::corrupt, [](auto& path) { std::filesystem::resize_file(path, 3 * 4096); }},
    {"overwritten_in_the_middle", Errc::corrupt,
     [](auto& path) {
       std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
       file.seekp(4096);
       file << std::string(3 * 4096, '\x7f');
     }},
    {"of_another_program", Errc::corrupt,
     [](auto& path) {
       std::filesystem::remove(path);
       EXPECT_TRUE(Db::open(path, DbAccess::create)->exec("CREATE TABLE t(x)"));
     }},
    {"of_a_newer_release", Errc::unsupported,
     [](auto& path) {
       EXPECT_TRUE(Db::open(path, DbAccess::read_write)->exec("PRAGMA user_version=99"));
     }},
};

TEST_F(SqliteStoreTest, damage_is_named_and_never_replaced) {
  for (const Damage& damage : kDamages) {
    SCOPED_TRACE(damage.name);
    open();
    ASSERT_TRUE(put("k").ok());
    store.reset();
    damage.make(database());
    const bool there = std::filesystem::exists(database());
    const auto size = there ? std::filesystem::file_size(database()) : 0;
    const Error error = open_error();
    EXPECT_EQ(error.code, damage.code) << error.message;
    EXPECT_NE(error.message.find(database()), std::string::npos) << error.message;
    EXPECT_EQ(std::filesystem::exists(database()), there);
    EXPECT_EQ(there ? std::filesystem::file_size(database()) : 0, size);
    std::filesystem::remove_all(folder);
  }
}

TEST_F(SqliteStoreTest, a_folder_that_cannot_be_written_is_denied) {
  const pid_t child = fork();
  if (child == 0) {
    if (chmod(folder.c_str(), 0555) != 0) _exit(2);
    if (getuid() == 0 && setuid(65534) != 0) _exit(2);
    const auto opened = try_open();
    _exit(!opened && opened.error().code == Errc::denied ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ASSERT_EQ(chmod(folder.c_str(), 0755), 0);
}

TEST_F(SqliteStoreTest, damage_found_later_is_an_error_of_the_read) {
  open();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(put(std::to_string(i), std::string(2000, 'x')).ok());
  store.reset();
  open();
  const auto size = std::filesystem::file_size(database());
  const int fd = ::open(database().c_str(), O_WRONLY);
  const std::string bad(size - 4096, '\x7f');
  EXPECT_EQ(pwrite(fd, bad.data(), bad.size(), 4096), static_cast<ssize_t>(bad.size()));
  close(fd);
  const auto values = store->values("s", "");
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace healer
