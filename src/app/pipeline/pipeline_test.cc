#include "app/pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "app/pipeline/publishing_journal.h"
#include "base/hash.h"
#include "base/limits.h"
#include "incident/flow.h"
#include "incident/flow_step.h"
#include "ports/orchestrator/embedded.h"
#include "ports/store/memory_store.h"
#include "types/json.h"

namespace healer {
namespace {

using namespace std::string_literals;

// Every incident is logged, and that is its end.
WorkflowKind only_logs() {
  WorkflowKind kind;
  kind.steps[IncidentFlow::kFirstStep] = [](StepContext& context) -> StepResult {
    auto record = from_json<IncidentRecord>(context.state());
    if (!record) return StepFailed{record.error().message};
    record->incident.status = IncidentStatus::logged;
    record->incident.done = true;
    StepOk out;
    out.state = to_json(*record);
    out.also.add(PutIncident{to_row(record->incident), kAnyVersion});
    return out;
  };
  return kind;
}

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    engine.add_kind(IncidentFlow::kKind, only_logs());
    ASSERT_TRUE(engine.recover());
    ASSERT_TRUE(pipeline.start());
  }

  // Waits until the lines are on disk and the incidents they opened have ended.
  Result<Receipt> post(const std::string& lines, const IdempotencyKey& once = {}) {
    std::promise<Result<Receipt>> answered;
    pipeline.submit({.bytes = lines, .format = PayloadFormat::text, .source = "test"}, false, once,
                    [&](Result<Receipt> receipt) { answered.set_value(std::move(receipt)); });
    auto receipt = answered.get_future().get();
    EXPECT_TRUE(engine.quiesce(Millis(10'000)));
    return receipt;
  }
  std::vector<std::int64_t> counts() {
    std::vector<std::int64_t> out;
    const auto page = store->incidents({});
    for (const auto& row : page->rows) out.push_back(row.count);
    return out;
  }

  FakeClock clock;
  FakeIds ids;
  std::unique_ptr<MemoryStore> store = make_memory_store(clock, MemoryWriter::own_thread);
  OpenIncidents open;
  PublishingJournal journal{*store, [this](const IncidentRow& row) { open.update(row); }};
  Engine engine{journal, clock, ids, {.step_threads = 1}};
  EmbeddedOrchestrator orchestrator{engine, journal, IncidentFlow::kKind};
  IncidentCommands commands{orchestrator, journal, *store, *store, clock};
  std::unique_ptr<Knowledge> knowledge = *Knowledge::make({}, {});
  ServiceMap services{{{.name = "shop", .match = {"shop"}}}};
  StormWatch storm;
  Pipeline pipeline{{.store = *store,
                     .journal = journal,
                     .orchestrator = orchestrator,
                     .commands = commands,
                     .knowledge = *knowledge,
                     .services = services,
                     .open = open,
                     .storm = storm,
                     .clock = clock,
                     .ids = ids,
                     .policy = [] { return Policy{}; },
                     .event_gap = [] { return Millis(100); }}};
};

TEST_F(PipelineTest, records_that_say_an_old_time_join_by_their_arrival) {
  const std::string line = "2020-03-01 12:00:00,000 ERROR shop.db: the pool is exhausted\n";
  post(line);
  clock.advance(Millis(1000));
  post(line + line);
  clock.advance(Millis(1000));
  post(line);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{4}));
  clock.advance(Millis(2 * 3'600'000));
  post(line);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{1, 4}));
}

TEST_F(PipelineTest, requests_that_fail_in_between_are_usual_work) {
  std::promise<Result<Receipt>> answered;
  const std::string failed = "2026-01-01T12:00:00Z INFO access: \"POST /pay\" 500 9ms\n";
  const std::string served = "2026-01-01T12:00:00Z INFO access: \"POST /pay\" 201 9ms\n";
  pipeline.submit(
      {.bytes = failed + served + served, .format = PayloadFormat::text, .source = "shop"}, false,
      {}, [&](Result<Receipt> receipt) { answered.set_value(std::move(receipt)); });
  ASSERT_TRUE(answered.get_future().get());
  std::int64_t usual = 0;
  const auto counts = store->counts(normal_fingerprint("shop"), 0, INT64_MAX);
  ASSERT_TRUE(counts);
  for (const auto& sum : *counts) usual += sum.n;
  EXPECT_EQ(usual, 3);
}

TEST_F(PipelineTest, a_key_has_its_effect_once) {
  const std::string line = "ERROR shop.db: the pool is exhausted\n";
  const auto first = post(line + line, {.route = "r", .key = "k", .request = 1});
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->is_new);
  const auto again = post(line + line, {.route = "r", .key = "k", .request = 1});
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->kept(1), first->kept(1));
  EXPECT_EQ(post(line, {.route = "r", .key = "k", .request = 2}).error().code, Errc::conflict);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{2}));
  EXPECT_FALSE(post(line, {.route = "other", .key = "k", .request = 1})->is_new);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{3}));
  clock.advance(limits::kIdempotencyKept);
  EXPECT_FALSE(post(line, {.route = "r", .key = "k", .request = 2})->replayed);
}

TEST_F(PipelineTest, too_many_new_failures_of_a_service_are_one_incident) {
  std::string lines;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    lines += "ERROR";
    for (std::uint64_t word = 0; word < 6; ++word) {
      lines += ' ';
      for (const char c : hex16(hash64(std::to_string(i * 10 + word))))
        lines += static_cast<char>('g' + c % 16);
    }
    lines += '\n';
  }
  EXPECT_EQ(post(lines)->records, 5'000U);
  ASSERT_TRUE(post(lines));
  const auto stats = store->incident_stats();
  EXPECT_EQ(stats->total, static_cast<std::int64_t>(limits::kIncidentsPerServiceMax) + 1);
  const auto rest = store->incidents({.text = "too many new ways"});
  ASSERT_EQ(rest->rows.size(), 1U);
  EXPECT_EQ(rest->rows[0].count, 2 * (5'000 - 200));
}

TEST_F(PipelineTest, what_a_log_says_moves_no_cursor) {
  ASSERT_TRUE(post("ERROR pool \x1b[2J\0 exhausted\n"s));
  const auto page = store->incidents({});
  ASSERT_EQ(page->rows.size(), 1U);
  const auto incident = from_json<Incident>(page->rows[0].body_json);
  for (const auto& text :
       {incident->summary, incident->template_text, incident->evidence.at(0).text})
    EXPECT_EQ(std::ranges::find_if(text, [](char c) { return c >= 0 && c < ' '; }), text.end())
        << text;
}

TEST_F(PipelineTest, a_file_that_is_gone_leaves_no_checkpoint) {
  Checkpoint at;
  at.path = "/var/log/a.log";
  at.inode = 7;
  ASSERT_EQ(pipeline.tail({.bytes = "ERROR the last line", .source = at.path}, at),
            SinkAnswer::taken);
  pipeline.tail_ended(at.key());
  ASSERT_TRUE(post("INFO fine\n"));  // behind both
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{1}));
  EXPECT_TRUE(store->checkpoints()->empty());
}

}  // namespace
}  // namespace healer
