// One contract over every store: what holds for SQLite holds for the fake.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "ports/store/memory_store.h"
#include "ports/store/store.h"

namespace healer {
namespace {

class Backend {
 public:
  virtual ~Backend() = default;
  virtual Store& store() = 0;
  virtual void reopen() = 0;  // as after a clean stop
};

class MemoryBackend : public Backend {
 public:
  explicit MemoryBackend(const Clock& clock)
      : store_(make_memory_store(clock, MemoryWriter::own_thread)) {}
  Store& store() override { return *store_; }
  void reopen() override { store_ = store_->reopen(); }

 private:
  std::unique_ptr<MemoryStore> store_;
};

class SqliteBackend : public Backend {
 public:
  explicit SqliteBackend(const Clock& clock) : clock_(clock) {
    char path[] = "/tmp/healer_store_XXXXXX";
    folder_ = mkdtemp(path);
    open();
  }
  ~SqliteBackend() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    open();
  }

 private:
  void open() {
    auto opened = open_sqlite_store({.folder = folder_}, clock_);
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::move(*opened);
  }
  const Clock& clock_;
  std::string folder_;
  std::unique_ptr<Store> store_;
};

class StoreContract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("memory")) {
      backend_ = std::make_unique<MemoryBackend>(clock_);
    } else {
      backend_ = std::make_unique<SqliteBackend>(clock_);
    }
  }
  Store& store() { return backend_->store(); }
  CommitStatus commit(std::vector<WriteOp> ops, std::optional<Fence> fence = {}) {
    WriteBatch batch;
    batch.ops = std::move(ops);
    batch.fence = std::move(fence);
    return commit_and_wait(store(), std::move(batch)).status;
  }

  FakeClock clock_;
  std::unique_ptr<Backend> backend_;
};

template <class T>
T must(Result<T> result) {
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result ? std::move(*result) : T{};
}

PutWorkflow workflow(const std::string& id, std::int64_t expected, const std::string& state,
                     WorkflowPhase phase = WorkflowPhase::ready, UnixMs due = 0) {
  return {.row = {.id = id, .kind = "k", .phase = phase, .due = due, .updated = 1, .state = state},
          .expected = expected};
}

PutIncident incident(const std::string& id, std::uint64_t fingerprint, UnixMs created) {
  PutIncident op;
  op.row.id = id;
  op.row.fingerprint = fingerprint;
  op.row.service = "shop";
  op.row.status = "detected";
  op.row.severity = "high";
  op.row.category = "database";
  op.row.created = op.row.first_seen = op.row.last_seen = created;
  op.row.count = 1;
  op.row.text = "Pool exhausted 100% of " + id;
  op.row.body_json = R"({"id":")" + id + "\"}";
  return op;
}

TEST_P(StoreContract, a_batch_is_applied_whole_or_not_at_all) {
  ASSERT_EQ(commit({workflow("w", 0, "one")}), CommitStatus::ok);
  EXPECT_EQ(commit({PutValue{{"s", "k", "v"}}, CountDelta{7, clock_.wall_ms(), "i", "v", 5},
                    workflow("w", 9, "never")}),
            CommitStatus::conflict);
  EXPECT_EQ(must(store().value("s", "k")), std::nullopt);
  EXPECT_TRUE(must(store().counts(7, 0, clock_.wall_ms() + 1)).empty());
  EXPECT_EQ(must(store().workflow("w"))->state, "one");
}

TEST_P(StoreContract, a_refused_batch_does_not_harm_its_neighbours) {
  std::promise<void> all;
  std::atomic<int> left = 40;
  std::vector<CommitStatus> seen(40, CommitStatus::io);
  for (int i = 0; i < 40; ++i) {
    WriteBatch batch;
    batch.add(PutValue{{"s", "k" + std::to_string(i), "v"}});
    batch.add(CountDelta{7, clock_.wall_ms(), "i", "v", 1});
    batch.add(workflow("w" + std::to_string(i), i % 2, "x"));  // every second one is a conflict
    store().commit(std::move(batch), [&, i](const CommitResult& result) {
      seen[static_cast<std::size_t>(i)] = result.status;
      if (--left == 0) all.set_value();
    });
  }
  all.get_future().wait();
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(seen[i], i % 2 == 0 ? CommitStatus::ok : CommitStatus::conflict) << i;
    EXPECT_EQ(must(store().value("s", "k" + std::to_string(i))).has_value(), i % 2 == 0) << i;
  }
  const auto counts = must(store().counts(7, 0, clock_.wall_ms() + 1));
  ASSERT_EQ(counts.size(), 1U);
  EXPECT_EQ(counts[0].n, 20);
}

TEST_P(StoreContract, workflow_versions_guard_against_lost_updates) {
  EXPECT_EQ(commit({workflow("w", 0, "one")}), CommitStatus::ok);
  EXPECT_EQ(commit({workflow("w", 0, "again")}), CommitStatus::conflict);
  EXPECT_EQ(commit({workflow("w", 1, "two", WorkflowPhase::waiting, 99)}), CommitStatus::ok);
  EXPECT_EQ(commit({workflow("w", 1, "late")}), CommitStatus::conflict);
  backend_->reopen();
  const auto row = must(store().workflow("w"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, "two");
  EXPECT_EQ(row->version, 2);
  EXPECT_EQ(row->kind, "k");
  EXPECT_EQ(row->due, 99);
  EXPECT_EQ(row->phase, WorkflowPhase::waiting);
}

TEST_P(StoreContract, unfinished_workflows_come_in_pages) {
  for (const char* id : {"a", "b", "c", "d"}) commit({workflow(id, 0, "")});
  commit({workflow("b", 1, "", WorkflowPhase::done)});
  const auto first = must(store().unfinished("", 2));
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[1].id, "c");
  const auto second = must(store().unfinished("c", 2));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].id, "d");
}

TEST_P(StoreContract, a_journal_row_exists_once) {
  const JournalRow row{"w", 1, 3, 1, 5, std::string("\0bytes", 6)};
  EXPECT_EQ(commit({row}), CommitStatus::ok);
  EXPECT_EQ(commit({row}), CommitStatus::conflict);
  backend_->reopen();
  const auto rows = must(store().journal("w"));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].bytes, row.bytes);
  EXPECT_EQ(rows[0].epoch, 3U);
  EXPECT_EQ(rows[0].at, 5);
}

TEST_P(StoreContract, a_stale_epoch_is_fenced) {
  EXPECT_EQ(commit({PutLease{{"engine", 1, "a", 0}}}), CommitStatus::ok);
  EXPECT_EQ(commit({PutValue{{"s", "k", "1"}}}, Fence{"engine", 1}), CommitStatus::ok);
  EXPECT_EQ(commit({PutLease{{"engine", 2, "b", 0}}}), CommitStatus::ok);
  EXPECT_EQ(commit({PutValue{{"s", "k", "2"}}}, Fence{"engine", 1}), CommitStatus::fenced);
  EXPECT_EQ(commit({PutLease{{"engine", 1, "a", 0}}}), CommitStatus::fenced);
  EXPECT_EQ(commit({PutLease{{"engine", 2, "a", 0}}}), CommitStatus::fenced);
  EXPECT_EQ(commit({PutLease{{"engine", 2, "b", 7}}}), CommitStatus::ok);  // renewed
  EXPECT_EQ(must(store().value("s", "k")), "1");
  const auto lease = must(store().lease("engine"));
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->epoch, 2U);
  EXPECT_EQ(lease->owner, "b");
  EXPECT_EQ(lease->until, 7);
}

TEST_P(StoreContract, outbox_rows_stay_until_acknowledged) {
  commit({PutOutbox{{"b", "slack", "two", 0, 20}}, PutOutbox{{"a", "slack", "one", 0, 10}}});
  commit({PutOutbox{{"a", "slack", "one", 1, 30}}});
  auto rows = must(store().outbox(10));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id, "b");
  EXPECT_EQ(rows[1].attempts, 1);
  commit({AckOutbox{"b"}});
  EXPECT_EQ(must(store().outbox(10)).size(), 1U);
}

TEST_P(StoreContract, an_idempotency_key_holds_until_it_expires) {
  const UnixMs expires = clock_.wall_ms() + 1000;
  EXPECT_EQ(commit({PutIdempotency{{"k", "POST /incidents", "r1", expires}}}), CommitStatus::ok);
  EXPECT_EQ(commit({PutIdempotency{{"k", "POST /incidents", "r2", expires}}}),
            CommitStatus::conflict);
  EXPECT_EQ(must(store().idempotent("POST /incidents", "k")), "r1");
  EXPECT_EQ(must(store().idempotent("POST /other", "k")), std::nullopt);
  clock_.advance(Millis(1000));
  EXPECT_EQ(must(store().idempotent("POST /incidents", "k")), std::nullopt);
  EXPECT_EQ(commit({PutIdempotency{{"k", "POST /incidents", "r3", expires + 5000}}}),
            CommitStatus::ok);
  EXPECT_EQ(must(store().idempotent("POST /incidents", "k")), "r3");
}

TEST_P(StoreContract, values_checkpoints_and_templates_are_found_again) {
  commit({PutValue{{"s", "a/1", "x"}}, PutValue{{"s", "a/2", "y"}}, PutValue{{"s", "b", "z"}},
          PutCheckpoint{{"/var/log/a", "12:5"}}, PutCheckpoint{{"/var/log/b", "1"}},
          PutTemplate{{1, ~0ULL, 0, "shop", "birth", "a <*>"}}});
  commit({DropValue{"s", "a/1"}, DropValue{"s", "none"}, PutCheckpoint{{"/var/log/a", "12:9"}},
          DropCheckpoint{"/var/log/b"}, DropCheckpoint{"/var/log/c"},
          PutTemplate{{1, ~0ULL, 0, "shop", "birth", "<*> <*>"}}});
  EXPECT_EQ(commit({PutTemplate{{1, 5, 0, "shop", "birth", "x"}}}), CommitStatus::conflict);
  backend_->reopen();
  const auto values = must(store().values("s", "a/"));
  ASSERT_EQ(values.size(), 1U);
  EXPECT_EQ(values[0].key, "a/2");
  EXPECT_EQ(must(store().checkpoint("/var/log/a")), "12:9");
  EXPECT_EQ(must(store().checkpoints()).size(), 1U);
  const auto templates = must(store().templates());
  ASSERT_EQ(templates.size(), 1U);
  EXPECT_EQ(templates[0].fingerprint, ~0ULL);
  EXPECT_EQ(templates[0].text, "<*> <*>");
}

TEST_P(StoreContract, counts_are_kept_by_bucket_instance_and_version) {
  const UnixMs t = clock_.wall_ms();  // at the begin of a bucket
  commit({CountDelta{1, t + 5, "i1", "v1", 3}, CountDelta{1, t + 9'999, "i1", "v1", 4},
          CountDelta{1, t + 10'000, "i1", "v2", 5},
          CountDelta{normal_fingerprint("shop"), t, "", "v2", 6}});
  for (int round = 0; round < 2; ++round) {
    auto all = must(store().counts(1, t, t + 60'000));
    ASSERT_EQ(all.size(), 2U) << round;
    std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.version < b.version; });
    EXPECT_EQ(all[0].n, 7);
    EXPECT_EQ(all[1].n, 5);
    EXPECT_EQ(all[1].first_bucket, t + 10'000);
    const auto later = must(store().counts(1, t + 12'000, t + 60'000));
    ASSERT_EQ(later.size(), 1U);
    EXPECT_EQ(later[0].version, "v2");
    EXPECT_TRUE(must(store().counts(1, 0, t)).empty());
    EXPECT_EQ(must(store().active_fingerprints(t, t + 1)).size(), 2U);
    EXPECT_EQ(must(store().active_fingerprints(t + 10'000, t + 10'001)).size(), 1U);
    backend_->reopen();  // the second round reads folded counts
  }
  EXPECT_NE(normal_fingerprint("shop"), normal_fingerprint("cart"));
}

TEST_P(StoreContract, one_open_incident_per_fingerprint) {
  EXPECT_EQ(commit({incident("i1", 42, 100)}), CommitStatus::ok);
  EXPECT_EQ(commit({incident("i2", 42, 200)}), CommitStatus::conflict);
  EXPECT_EQ(commit({incident("i0", 0, 1), incident("i00", 0, 1)}), CommitStatus::ok);
  EXPECT_EQ(must(store().open_incident(42))->id, "i1");
  auto done = incident("i1", 42, 100);
  done.row.done = true;
  done.row.status = "healed";
  done.expected = 1;
  EXPECT_EQ(commit({done}), CommitStatus::ok);
  EXPECT_EQ(must(store().open_incident(42)), std::nullopt);
  EXPECT_EQ(must(store().latest_incident(42))->status, "healed");
  EXPECT_EQ(commit({incident("i2", 42, 200)}), CommitStatus::ok);
  EXPECT_EQ(must(store().latest_incident(42))->id, "i2");
  EXPECT_EQ(must(store().open_incidents()).size(), 3U);
}

TEST_P(StoreContract, records_are_counted_without_moving_the_version) {
  commit({incident("i1", 42, 100)});
  EXPECT_EQ(commit({IncidentSeen{"i1", 9, 500}, IncidentSeen{"i1", 1, 400}}), CommitStatus::ok);
  EXPECT_EQ(commit({IncidentSeen{"none", 1, 1}}), CommitStatus::conflict);
  auto update = incident("i1", 42, 100);
  update.expected = 1;
  update.row.count = 1;
  update.row.status = "analyzed";
  update.row.body_json = "{}";
  EXPECT_EQ(commit({update}), CommitStatus::ok);
  EXPECT_EQ(commit({update}), CommitStatus::conflict);
  update.expected = kAnyVersion;
  EXPECT_EQ(commit({update}), CommitStatus::ok);
  const auto row = must(store().incident("i1"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->count, 11);
  EXPECT_EQ(row->last_seen, 500);
  EXPECT_EQ(row->version, 3);
  EXPECT_EQ(row->body_json, "{}");
  EXPECT_EQ(row->status, "analyzed");
}

TEST_P(StoreContract, lists_page_by_cursor_and_filter) {
  for (int i = 0; i < 25; ++i) {
    auto op = incident("i" + std::to_string(100 + i), static_cast<std::uint64_t>(i + 1),
                       1000 + i / 2);  // pairs share their time
    if (i % 5 == 0) op.row.severity = "low";
    if (i == 3) op.row.hidden = true;
    if (i >= 20) op.row.done = true;
    ASSERT_EQ(commit({op}), CommitStatus::ok);
  }
  IncidentQuery query;
  query.limit = 10;
  std::vector<std::string> ids;
  int pages = 0;
  do {
    const auto page = must(store().incidents(query));
    for (const auto& row : page.rows) ids.push_back(row.id);
    query.cursor = page.next;
    ++pages;
  } while (!query.cursor.empty() && pages < 9);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(ids.size(), 24U);
  EXPECT_EQ(ids.front(), "i124");
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));

  const auto found = [&](IncidentQuery q) { return must(store().incidents(q)).rows.size(); };
  EXPECT_EQ(found({.severity = "low"}), 5U);
  EXPECT_EQ(found({.severity = "low", .done = true}), 1U);
  EXPECT_EQ(found({.with_hidden = true}), 25U);
  EXPECT_EQ(found({.status = "healed"}), 0U);
  EXPECT_EQ(found({.category = "database", .service = "shop", .from = 1001, .to = 1003}), 3U);
  EXPECT_EQ(found({.text = "pool EXHAUSTED 100%"}), 24U);
  EXPECT_EQ(found({.text = "100_"}), 0U);
  EXPECT_EQ(found({.limit = 0}), 1U);
  const auto bad = store().incidents({.cursor = "what is this"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Errc::invalid_input);

  const auto stats = must(store().incident_stats());
  EXPECT_EQ(stats.total, 24);
  EXPECT_EQ(stats.open, 19);
  EXPECT_EQ(stats.by_severity.at("low"), 5);
  EXPECT_EQ(stats.by_service.at("shop"), 24);
}

TEST_P(StoreContract, a_text_is_found_however_short_or_frequent) {
  std::vector<WriteOp> ops;
  for (int i = 0; i < 1200; ++i) {  // more than a search takes from an index
    auto op =
        incident("i" + std::to_string(10'000 + i), static_cast<std::uint64_t>(i + 1), 1000 + i);
    op.row.text = "every one says this";
    if (i % 100 == 7) op.row.text += ": the \"Größe\" of pool_7 is 100%";
    if (i == 907) op.row.hidden = true;
    ops.emplace_back(op);
  }
  ASSERT_EQ(commit(ops), CommitStatus::ok);
  auto renamed = incident("i10107", 108, 1107);
  renamed.row.text = "renamed";
  renamed.expected = 1;
  ASSERT_EQ(commit({renamed}), CommitStatus::ok);

  const auto found = [&](IncidentQuery query) {
    std::size_t rows = 0;
    query.limit = 5;
    std::string before = "j";
    do {
      const auto page = must(store().incidents(query));
      for (const auto& row : page.rows) {
        EXPECT_LT(row.id, before);
        before = row.id;
      }
      rows += page.rows.size();
      query.cursor = page.next;
    } while (!query.cursor.empty());
    return rows;
  };
  EXPECT_EQ(found({.text = "says"}), 1198U);
  EXPECT_EQ(found({.text = "THE \"Größe\" of"}), 10U);
  EXPECT_EQ(found({.with_hidden = true, .text = "GRÖßE"}), 0U);  // only ASCII letters fold
  EXPECT_EQ(found({.with_hidden = true, .text = "pool_7"}), 11U);
  EXPECT_EQ(found({.text = "pool%7"}), 0U);
  EXPECT_EQ(found({.text = "\"Größe\" of pool 7"}), 0U);
  EXPECT_EQ(found({.text = "öß"}), 10U);
  EXPECT_EQ(found({.text = "ß"}), 10U);
  EXPECT_EQ(found({.from = 1000, .to = 1500, .text = "0%"}), 4U);
  EXPECT_EQ(found({.from = 1000, .to = 1500, .text = "100%"}), 4U);
  EXPECT_EQ(found({.text = "renamed"}), 1U);
  EXPECT_EQ(found({.text = "renamed "}), 0U);
  EXPECT_EQ(found({.text = "\" AND \""}), 0U);
}

TEST_P(StoreContract, open_incidents_come_by_priority_then_age) {
  auto urgent = incident("i3", 3, 300);
  urgent.row.priority = 5;
  commit({incident("i2", 2, 200), incident("i1", 1, 100), urgent});
  std::vector<std::string> ids;
  for (const auto& row : must(store().open_incidents())) ids.push_back(row.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"i3", "i1", "i2"}));
}

TEST_P(StoreContract, done_may_commit_again) {
  std::promise<CommitStatus> second;
  WriteBatch first;
  first.add(PutValue{{"s", "a", "1"}});
  store().commit(std::move(first), [&](const CommitResult&) {
    WriteBatch more;
    more.add(PutValue{{"s", "b", "2"}});
    store().commit(std::move(more), [&](const CommitResult& r) { second.set_value(r.status); });
  });
  EXPECT_EQ(second.get_future().get(), CommitStatus::ok);
  EXPECT_EQ(must(store().value("s", "b")), "2");
}

INSTANTIATE_TEST_SUITE_P(stores, StoreContract, testing::Values("memory", "sqlite"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace healer
