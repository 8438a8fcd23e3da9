#include "incident/transitions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace healer {
namespace {

constexpr auto kStatuses = NamesOf<IncidentStatus>::names.size();

TEST(Transitions, EveryStatusIsReachedAndEveryEventHasOneTarget) {
  std::set<IncidentStatus> reached{IncidentStatus::detected};
  std::set<std::pair<IncidentStatus, IncidentEvent>> seen;
  for (const auto& t : transitions()) {
    reached.insert(t.to);
    EXPECT_TRUE(seen.insert({t.from, t.event}).second)
        << to_string(t.from) << " has two targets for " << to_string(t.event);
  }
  EXPECT_EQ(reached.size(), kStatuses);
}

TEST(Transitions, NoStatusIsATrap) {
  for (std::size_t i = 0; i < kStatuses; ++i) {
    const auto status = static_cast<IncidentStatus>(i);
    const bool leaves =
        std::ranges::any_of(transitions(), [&](const auto& t) { return t.from == status; });
    EXPECT_TRUE(leaves || is_done(status)) << to_string(status);
  }
}

TEST(Transitions, NothingLeavesAMergeExceptByVerifying) {
  for (const auto& t : transitions()) {
    if (t.to == IncidentStatus::healed) {
      EXPECT_EQ(t.from, IncidentStatus::verifying);
    }
    if (t.from == IncidentStatus::merged) {
      EXPECT_EQ(t.to, IncidentStatus::deploying);
    }
  }
}

TEST(Transitions, AWrongSourceStateChangesNothing) {
  Incident incident;
  const auto result = apply(incident, IncidentEvent::heal, 1, "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "an incident that is detected cannot heal");
  EXPECT_TRUE(incident.timeline.empty());
  ASSERT_TRUE(apply(incident, IncidentEvent::analyze, 2, "seen", "healer"));
  EXPECT_EQ(incident.timeline.back().at.ms, 2);
  EXPECT_FALSE(incident.done);
}

TEST(Transitions, TheTimelineIsBounded) {
  Incident incident;
  for (int i = 0; i < 400; ++i) {
    incident.status = IncidentStatus::analyzed;
    ASSERT_TRUE(apply(incident, IncidentEvent::log, i + 1, "x"));
    ASSERT_TRUE(apply(incident, IncidentEvent::retry, i + 1, "x"));
  }
  EXPECT_EQ(incident.timeline.size(), 500U);
  EXPECT_EQ(incident.timeline.front().at.ms, 1);
}

TEST(Transitions, TheDiagramInTheDocsIsThisTable) {
  const std::string path = HEALER_SOURCE "/docs/incident-states.md";
  const std::string made =
      "# Incident states\n\nPrinted by `healer incidents states` from the transitions "
      "themselves.\n\n```mermaid\n" +
      state_diagram() + "```\n";
  if (std::getenv("HEALER_UPDATE") != nullptr) std::ofstream(path) << made;
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), made) << "run ./dev test --update incident";
}

}  // namespace
}  // namespace healer
