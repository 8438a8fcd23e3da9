#include "app/story/story.h"

#include <gtest/gtest.h>

#include "tests/case_file.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr UnixMs kStarted = 1'767'268'800'000;  // 2026-01-01T12:00:00Z

StoryStart start() { return {"database-crash", "the bad deploy", kStarted}; }

// A case is an incident as JSON, then the whole story of it, told in two parts: the incident as it
// was early on (no diff yet), then as it is.
TEST(Story, Cases) {
  const auto count = testing::check_cases(
      HEALER_CASES "/story", ".case", [](const testing::CaseFile& file) -> std::string {
        const auto incident = from_json<Incident>(file.input);
        if (!incident) return incident.error().message;
        Story story(start(), Story::Colour::off);
        Incident early = *incident;
        early.timeline.resize(early.timeline.size() / 3);
        early.diff.clear();
        std::string out =
            story.opening("the connection pool is too small for the checkouts at peak",
                          "a bad commit is pushed and deployed") +
            story.tell(early) + story.tell(*incident);
        EXPECT_EQ(story.tell(*incident), "") << "nothing is told twice";
        return out + story.ending(*incident);
      });
  EXPECT_GE(count, 2U);
}

TEST(Story, ColourIsOnlyColour) {
  Incident incident;
  incident.timeline = {{IncidentStatus::detected, kStarted + 2500, "pool is empty", "healer"}};
  Story plain(start(), Story::Colour::off);
  Story coloured(start(), Story::Colour::on);
  const std::string told = coloured.tell(incident);
  std::string stripped;
  for (std::size_t i = 0; i < told.size(); ++i) {
    if (told[i] == '\x1b')
      i = told.find('m', i);
    else
      stripped += told[i];
  }
  EXPECT_NE(stripped, told);
  EXPECT_EQ(stripped, plain.tell(incident));
}

TEST(Story, LogTextCannotDriveTheTerminal) {
  Incident incident;
  incident.summary = "evil \x1b]0;title\x07";
  incident.timeline = {{IncidentStatus::detected, kStarted, "a\x1b[2Jb\r", "mallory\x1b[1m"}};
  Story story(start(), Story::Colour::off);
  const std::string told = story.tell(incident);
  EXPECT_EQ(told.find('\x1b'), std::string::npos) << told;
  EXPECT_EQ(told.find('\r'), std::string::npos) << told;
}

TEST(Story, WithoutIncidentItSaysSo) {
  const Story story(start(), Story::Colour::off);
  EXPECT_EQ(story.ending({}), "database-crash: no incident was seen\n");
}

}  // namespace
}  // namespace healer
