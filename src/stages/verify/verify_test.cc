#include "stages/verify/verify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/clock.h"
#include "tests/case_file.h"

namespace healer {
namespace {

Millis span(const std::string& text) {
  const auto value = parse_duration(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(Millis{0});
}

struct Scene {
  Watch watch;
  SignalWindow window;
  Policy policy;
};

void read_watch(Scene& scene, const std::string& row) {
  std::istringstream in(row);
  for (std::string word; in >> word;) {
    const auto value = word.substr(word.find('=') + 1);
    if (word.starts_with("gap="))
      scene.watch.former_gap = span(value);
    else if (word.starts_with("normal="))
      scene.watch.former_normal_per_minute = std::stod(value);
    else if (word.starts_with("min="))
      scene.watch.verify_min = span(value);
    else if (word == "alert")
      scene.watch.alert = scene.watch.alert_firing = true;
    else
      ADD_FAILURE() << word;
  }
}

// Counts are cumulative since the deploy, as the caller reads them from the store.
void read_event(Scene& scene, const std::string& row, UnixMs now) {
  std::istringstream in(row);
  for (std::string word; in >> word;) {
    const auto number = [&] { return std::stoull(word.substr(word.find('=') + 1)); };
    if (word == "deploy")
      scene.watch.deployed_at = now;
    else if (word.starts_with("version="))
      scene.watch.version = word.substr(8);
    else if (word.starts_with("symptom="))
      scene.window.symptom_new += number();
    else if (word.starts_with("old="))
      scene.window.symptom_old += number();
    else if (word.starts_with("similar="))
      scene.window.similar_new += number();
    else if (word.starts_with("normal="))
      scene.window.normal += number();
    else if (word == "resolved" || word == "firing") {
      scene.watch.alert_firing = word == "firing";
      scene.watch.alert_changed_at = now;
    } else if (word != "look")
      ADD_FAILURE() << word;
  }
}

void read_policy(Policy& policy, const std::string& row) {
  std::istringstream in(row);
  for (std::string word; in >> word;) {
    if (word.starts_with("verify_min="))
      policy.verify_min = span(word.substr(11));
    else
      ADD_FAILURE() << word;
  }
}

// "+31m: deploy normal=300": time since the merge, what happened, and what verify says then.
std::string play(const testing::CaseFile& file) {
  FakeClock clock;
  Scene scene;
  const UnixMs merged = scene.watch.merged_at = clock.wall_ms();
  std::string out;
  for (const auto& [key, row] : file.rows()) {
    if (key == "watch")
      read_watch(scene, row);
    else if (key == "policy")
      read_policy(scene.policy, row);
    else {
      clock.advance(Millis(merged + span(key.substr(1)).count() - clock.wall_ms()));
      read_event(scene, row, clock.wall_ms());
      const Outcome outcome = verify(scene.watch, scene.window, scene.policy, clock.wall_ms());
      out += fmt::format("{}: {}: {}", key, to_string(outcome.kind), outcome.because);
      if (outcome.recheck_at != 0) {
        EXPECT_GT(outcome.recheck_at, clock.wall_ms()) << file.path;
        out += fmt::format(" (look at +{})", format_duration(Millis(outcome.recheck_at - merged)));
      }
      out += "\n";
    }
  }
  return out;
}

TEST(Verify, Cases) { EXPECT_GE(testing::check_cases(HEALER_CASES "/verify", ".case", play), 16U); }

// No setting turns silence into healed.
TEST(Verify, SilenceNeverHeals) {
  for (const double usual : {0.0, 1.0, 1000.0})
    for (const auto least : {Millis{0}, Millis{1000}, Millis{1'800'000}})
      for (const int gaps : {0, 3}) {
        Policy policy;
        policy.verify_min = least;
        policy.verify_gaps = gaps;
        Watch watch;
        watch.merged_at = watch.deployed_at = 1'000'000;
        watch.former_gap = Millis{5000};
        watch.former_normal_per_minute = usual;
        for (UnixMs after = 0; after < 10'000'000; after += 50'000) {
          const auto outcome = verify(watch, {}, policy, watch.deployed_at + after);
          ASSERT_NE(outcome.kind, OutcomeKind::healed) << usual << " " << after;
        }
      }
}

}  // namespace
}  // namespace healer
