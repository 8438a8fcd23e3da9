#include "incident/commands.h"

#include <gtest/gtest.h>

#include "incident/flow.h"
#include "ports/orchestrator/fake.h"
#include "ports/store/memory_store.h"
#include "types/json.h"

namespace healer {
namespace {

// Commands over a fake orchestrator: what is handed over and what is told, whoever drives it.
struct Commands : testing::Test {
  FakeClock clock;
  std::unique_ptr<MemoryStore> store = make_memory_store(clock);
  FakeOrchestrator orchestrator{*store};
  IncidentCommands commands{orchestrator, *store, *store, *store, clock};

  // An incident in `status` whose run, if it is over, ended with what it knew.
  void open(IncidentStatus status, bool running) {
    IncidentRecord record;
    record.incident.id = "i";
    record.incident.status = status;
    record.incident.done = is_done(status);
    record.agent_attempt = 1;
    WriteBatch also;
    Handover handover = IncidentCommands::opening(record, also);
    orchestrator.hand_over({handover}, std::move(also), [](const Result<void>& done) {
      EXPECT_TRUE(done) << done.error().message;
    });
    if (!running) orchestrator.end("i", handover.state);
  }
  std::string act(SignalKind kind) {
    std::string out = "unanswered";
    commands.act("i", {.kind = kind, .actor = "ann"}, [&](Result<void> done) {
      out = done ? "" : std::string(errc_name(done.error().code));
    });
    return out;
  }
  std::size_t told() { return orchestrator.runs.at("i").outcomes.size(); }
};

TEST_F(Commands, AnIncidentIsHandedOverWithItsRow) {
  open(IncidentStatus::queued, true);
  EXPECT_EQ(orchestrator.runs.at("i").begun.step, IncidentFlow::kFirstStep);
  EXPECT_TRUE(*store->incident("i"));
}

TEST_F(Commands, WhatRunsIsTold) {
  open(IncidentStatus::queued, true);
  EXPECT_EQ(act(SignalKind::fix), "");
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(orchestrator.runs.size(), 1U);
}

TEST_F(Commands, WhatHasEndedIsBegunAnew) {
  open(IncidentStatus::needs_review, false);
  EXPECT_EQ(act(SignalKind::retry), "");
  EXPECT_EQ(told(), 0U);
  const auto& run = orchestrator.runs.at("i/2");
  EXPECT_EQ(run.begun.step, "decide");
  const auto record = from_json<IncidentRecord>(run.begun.state);
  ASSERT_TRUE(record);
  EXPECT_EQ(to_string(record->incident.status), "analyzed");
  EXPECT_EQ(record->agent_attempt, 0) << "an agent asked again works again";
  EXPECT_EQ(act(SignalKind::fix), "") << "now it is told";
  EXPECT_EQ(orchestrator.runs.at("i/2").outcomes.size(), 1U);
}

// `recurred` is an end for people while the policy's revert is still made: a second run beside it
// would work on the same pull request.
TEST_F(Commands, WhatHasEndedForPeopleButStillRunsIsTold) {
  open(IncidentStatus::recurred, true);
  EXPECT_EQ(act(SignalKind::retry), "");
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(orchestrator.runs.size(), 1U);
}

// The steps of an incident are forgotten after a while, the incident is not.
TEST_F(Commands, WhatIsRememberedWithoutItsRunCanStillBeDismissed) {
  open(IncidentStatus::needs_review, false);
  orchestrator.runs.clear();
  EXPECT_EQ(act(SignalKind::retry), "not_found") << "nothing is known that it could begin with";
  EXPECT_EQ(act(SignalKind::dismiss), "");
  EXPECT_EQ((*store->incident("i"))->status, "dismissed");
}

TEST_F(Commands, WhatDoesNotFitIsRefused) {
  open(IncidentStatus::healed, false);
  EXPECT_EQ(act(SignalKind::retry), "conflict");
  EXPECT_EQ(act(SignalKind::approve), "conflict");
  EXPECT_EQ(orchestrator.runs.size(), 1U);
}

}  // namespace
}  // namespace healer
