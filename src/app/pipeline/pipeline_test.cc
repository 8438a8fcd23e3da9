#include "app/pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <future>

#include "app/pipeline/publishing_journal.h"
#include "incident/flow.h"
#include "incident/flow_step.h"
#include "ports/orchestrator/embedded.h"
#include "ports/store/memory_store.h"
#include "types/json.h"

namespace healer {
namespace {

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
  void post(const std::string& lines) {
    std::promise<Result<Receipt>> answered;
    pipeline.submit({.bytes = lines, .format = PayloadFormat::text, .source = "test"}, false,
                    [&](Result<Receipt> receipt) { answered.set_value(std::move(receipt)); });
    ASSERT_TRUE(answered.get_future().get());
    ASSERT_TRUE(engine.quiesce(Millis(10'000)));
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
  ServiceMap services{{}};
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

}  // namespace
}  // namespace healer
