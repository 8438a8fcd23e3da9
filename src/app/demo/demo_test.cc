#include "app/demo/demo.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "app/demo/scenario_runs.h"
#include "types/yaml.h"

namespace healer {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/healer-demo-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Incident incident_of(std::string id, std::string file, UnixMs created) {
  Incident out;
  out.id = std::move(id);
  out.service = "shop";
  out.affected_file = std::move(file);
  out.created = created;
  return out;
}

DemoScenario run_of(const ScenarioRuns& runs, std::string_view name, UnixMs now) {
  for (auto& run : runs.list(now))
    if (run.name == name) return run;
  ADD_FAILURE() << "no scenario " << name;
  return {};
}

TEST(ScenarioRuns, AreTheFive) {
  std::vector<std::string> names;
  for (const auto& one : demo_scenarios()) {
    names.push_back(one.name);
    EXPECT_FALSE(one.title.empty());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"database-crash", "memory-leak", "auth-failure",
                                             "disk-full", "network-partition"}));
}

TEST(ScenarioRuns, FiveAtOnceFindTheirIncidents) {
  const Folder folder;
  ScenarioRuns runs(folder.path());
  for (const auto& one : demo_scenarios()) ASSERT_TRUE(runs.begin(one.name, 1000));
  runs.incident_changed(incident_of("early", "config/cache.ini", 900), 2000);
  runs.incident_changed(incident_of("mem", "config/cache.ini", 1500), 2000);
  runs.incident_changed(incident_of("net", ".env", 1500), 2000);
  auto pool = incident_of("pool", "shop/pool.py", 1500);
  runs.incident_changed(pool, 2000);
  EXPECT_EQ(run_of(runs, "memory-leak", 2000).incident_id, "mem");
  EXPECT_EQ(run_of(runs, "network-partition", 2000).incident_id, "net");
  EXPECT_EQ(run_of(runs, "database-crash", 2000).incident_id, "");
  pool.diff = "--- a/config/database.yaml\n+++ b/config/database.yaml\n@@ -1 +1 @@\n";
  pool.status = IncidentStatus::healed;
  pool.done = true;
  runs.incident_changed(pool, 5000);
  const auto healed = run_of(runs, "database-crash", 9000);
  EXPECT_EQ(healed.incident_id, "pool");
  EXPECT_EQ(healed.state, DemoState::healed);
  EXPECT_DOUBLE_EQ(healed.seconds, 4.0);
  EXPECT_EQ(run_of(runs, "auth-failure", 9000).state, DemoState::running);
}

TEST(ScenarioRuns, AnotherServicesIncidentIsNoneOfThem) {
  const Folder folder;
  ScenarioRuns runs(folder.path());
  ASSERT_TRUE(runs.begin("memory-leak", 1000));
  auto other = incident_of("x", "config/cache.ini", 1500);
  other.service = "billing";
  runs.incident_changed(other, 2000);
  EXPECT_EQ(run_of(runs, "memory-leak", 2000).incident_id, "");
}

TEST(ScenarioRuns, AFailureIsTakenBackWhereAnotherIncidentHeals) {
  const Folder folder;
  ScenarioRuns runs(folder.path());
  ASSERT_TRUE(runs.begin("disk-full", 1000));
  auto first = incident_of("first", "config/spool.properties", 1500);
  first.status = IncidentStatus::failed;
  first.done = true;
  first.because = "the check broke";
  runs.incident_changed(first, 3000);
  EXPECT_EQ(run_of(runs, "disk-full", 3000).because, "the check broke");
  EXPECT_EQ(run_of(runs, "disk-full", 3000).state, DemoState::failed);
  auto second = incident_of("second", "config/spool.properties", 1600);
  runs.incident_changed(second, 3500);
  EXPECT_EQ(run_of(runs, "disk-full", 3500).incident_id, "first");
  second.status = IncidentStatus::healed;
  second.done = true;
  runs.incident_changed(second, 4000);
  EXPECT_EQ(run_of(runs, "disk-full", 4000).incident_id, "second");
  EXPECT_EQ(run_of(runs, "disk-full", 4000).state, DemoState::healed);
}

TEST(ScenarioRuns, RefusesWhatItDoesNotKnowAndWhatRuns) {
  const Folder folder;
  ScenarioRuns runs(folder.path());
  const auto unknown = runs.begin("memory-leek", 1000);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::not_found);
  EXPECT_NE(unknown.error().message.find("memory-leak"), std::string::npos);
  ASSERT_TRUE(runs.begin("memory-leak", 1000));
  EXPECT_EQ(runs.begin("memory-leak", 2000).error().code, Errc::conflict);
  EXPECT_EQ(run_of(runs, "memory-leak", 1000 + 6 * 60'000).state, DemoState::failed);
  EXPECT_TRUE(runs.begin("memory-leak", 1000 + 6 * 60'000));
}

TEST(ScenarioRuns, AreKept) {
  const Folder folder;
  {
    ScenarioRuns runs(folder.path());
    ASSERT_TRUE(runs.begin("auth-failure", 1000));
    runs.incident_changed(incident_of("auth", "config/auth.toml", 1200), 1300);
  }
  const ScenarioRuns runs(folder.path());
  EXPECT_EQ(run_of(runs, "auth-failure", 1400).incident_id, "auth");
  EXPECT_EQ(run_of(runs, "auth-failure", 1400).state, DemoState::running);
}

TEST(Demo, ServiceConfigIsAYamlItem) {
  SystemExecutor executor;
  const SystemClock clock;
  const Demo demo("/somewhere/a \"b", executor, clock);
  const auto root = parse_yaml("services:\n" + demo.service_config(), "test");
  ASSERT_TRUE(root) << root.error().message;
  const YamlNode& item = root->find("services")->items.at(0);
  EXPECT_EQ(item.text("name"), "shop");
  EXPECT_EQ(item.texts("logs").at(0), "/somewhere/a \"b/logs/*.log");
  EXPECT_EQ(item.find("repositories")->items.at(0).text("url"), "/somewhere/a \"b/shop.git");
  EXPECT_EQ(item.find("repositories")->items.at(0).text("trust_deploy"), "true");
}

// The real one: started by one Demo, adopted by the next, a failure injected, ended.
TEST(Demo, OutlivesWhoStartedIt) {
  const Folder folder;
  SystemExecutor executor;
  const SystemClock clock;
  {
    Demo first(folder.path(), executor, clock);
    EXPECT_EQ(first.inject("auth-failure").error().code, Errc::not_found);
    const auto started = first.start("http://127.0.0.1:9");
    ASSERT_TRUE(started) << started.error().message;
  }
  Demo second(folder.path(), executor, clock);
  const auto adopted = second.start("http://127.0.0.1:9", "token");
  ASSERT_TRUE(adopted) << adopted.error().message;
  const auto injected = second.inject("auth-failure");
  ASSERT_TRUE(injected) << injected.error().message;
  EXPECT_EQ(second.inject("auth-failure").error().code, Errc::conflict);
  EXPECT_EQ(second.list().at(2).state, DemoState::running);
  EXPECT_TRUE(second.stop());
  EXPECT_EQ(second.stop().error().code, Errc::not_found);
}

}  // namespace
}  // namespace healer
