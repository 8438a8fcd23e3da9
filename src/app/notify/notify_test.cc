#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "app/notify/announce.h"
#include "app/notify/notify_sink.h"
#include "incident/transitions.h"
#include "ports/http/fake.h"
#include "ports/store/memory_store.h"
#include "tests/case_file.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr UnixMs kNow = 1'767'225'600'000;

std::map<std::string, std::string> words_of(const std::string& row) {
  std::map<std::string, std::string> out;
  std::istringstream in(row);
  for (std::string word; in >> word;) {
    const auto equals = word.find('=');
    out[word.substr(0, equals)] = equals == std::string::npos ? "true" : word.substr(equals + 1);
  }
  return out;
}

std::vector<std::string> list(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) out.push_back(word);
  return out;
}

NotifyRoute route(const std::string& row) {
  auto words = words_of(row);
  NotifyRoute out{.name = words["name"], .kind = "webhook", .url = "http://x"};
  out.owners = list(words["owners"]);
  out.severities = list(words["severities"]);
  out.statuses = list(words["statuses"]);
  out.pages = words.contains("pages");
  return out;
}

Incident incident(const std::string& row) {
  auto words = words_of(row);
  Incident out;
  out.id = "i1";
  out.service = words["service"];
  out.severity = parse_enum<Severity>(words["severity"]).value();
  out.status = parse_enum<IncidentStatus>(words["status"]).value();
  out.done = is_done(out.status);
  out.summary = "the pool is empty";
  out.timeline.push_back({.status = out.status, .at = kNow});
  return out;
}

// `route:` rows, then `incident:` rows; below, who is told of each, and when.
TEST(Announcements, Cases) {
  const std::vector<Service> services{{.name = "shop", .owner = "shop-team"},
                                      {.name = "pay", .owner = "money"}};
  const auto count =
      testing::check_cases(HEALER_CASES "/announce", ".case", [&](const testing::CaseFile& file) {
        std::vector<NotifyRoute> routes;
        std::string out;
        for (const auto& [key, row] : file.rows()) {
          if (key == "route") {
            routes.push_back(route(row));
            continue;
          }
          out += row + " ->";
          for (const auto& told : announcements(incident(row), routes, services, kNow))
            out += fmt::format(
                " {}{}", told.sink,
                told.due == kNow ? ""
                                 : fmt::format(" in {}", format_duration(Millis(told.due - kNow))));
          out += "\n";
        }
        return out;
      });
  EXPECT_GE(count, 3U);
}

class Sink : public ::testing::Test {
 protected:
  Sink() {
    settings->notify = {{.name = "bot", .kind = "slack", .token = "t", .channel = "#ops"},
                        {.name = "hook", .kind = "webhook", .url = "http://hook/x", .secret = "s"}};
    settings->services = {{.name = "shop", .owner = "shop-team"}};
  }

  void put(const Incident& one) {
    IncidentRow row;
    row.id = one.id;
    row.service = one.service;
    row.status = to_string(one.status);
    row.severity = to_string(one.severity);
    row.done = one.done;
    row.created = kNow;
    row.body_json = to_json(one);
    WriteBatch batch;
    batch.add(PutIncident{.row = row, .expected = 0});
    ASSERT_TRUE(commit_and_wait(*store, std::move(batch)).ok());
  }
  OutboxRow row_of(const Incident& one, const std::string& name) const {
    for (auto& row : announcements(one, settings->notify, settings->services, kNow))
      if (row.sink == "notify:" + name) return row;
    ADD_FAILURE() << "nobody is told on " << name;
    return {};
  }
  static ClientResponse said(std::string body) {
    return {.status = 200, .headers = {}, .body = std::move(body)};
  }

  FakeClock clock;
  std::unique_ptr<MemoryStore> store = make_memory_store(clock);
  ScriptedClient http;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  NotifySink sink{*store, http, [this] { return settings; }};
};

TEST_F(Sink, OneMessageAnIncidentIsUpdatedToWhatIsTrueNow) {
  Incident opened = incident("service=shop severity=high status=pr_open");
  const OutboxRow late = row_of(opened, "bot");
  Incident healed = incident("service=shop severity=high status=healed");
  put(healed);
  http.answers.push_back(said(R"({"ok":true,"channel":"C1","ts":"7.1"})"));
  http.answers.push_back(said(R"({"ok":true,"channel":"C1","ts":"7.1"})"));
  ASSERT_TRUE(sink.notify(row_of(healed, "bot")));
  // The row that was delayed comes now: the message must not go back to "pr_open".
  ASSERT_TRUE(sink.notify(late));
  ASSERT_EQ(http.asked.size(), 2U);
  EXPECT_TRUE(http.asked[0].url.ends_with("chat.postMessage")) << http.asked[0].url;
  EXPECT_TRUE(http.asked[1].url.ends_with("chat.update")) << http.asked[1].url;
  EXPECT_NE(http.asked[1].body.find("(healed)"), std::string::npos) << http.asked[1].body;
}

TEST_F(Sink, AWebhookIsToldEachStatusAndItsFailureIsTheOutboxes) {
  const Incident merged = incident("service=shop severity=high status=merged");
  http.answers.push_back(ClientResponse{.status = 502, .headers = {}, .body = "down"});
  http.answers.push_back(said(""));
  const OutboxRow row = row_of(merged, "hook");
  const auto failed = sink.notify(row);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::upstream);
  ASSERT_TRUE(sink.notify(row));
  EXPECT_NE(http.asked[1].body.find(R"("status":"merged")"), std::string::npos);
  EXPECT_NE(http.asked[1].body.find(R"("owner":"shop-team")"), std::string::npos);
}

TEST_F(Sink, ARouteThatIsGoneDropsItsRows) {
  const Incident merged = incident("service=shop severity=high status=merged");
  const OutboxRow row = row_of(merged, "hook");
  settings->notify.clear();
  EXPECT_EQ(sink.notify(row).error().code, Errc::not_found);
}

TEST_F(Sink, LowOnesComeInOneDigest) {
  for (const char* id : {"a", "b", "c"}) {
    Incident low = incident("service=shop severity=low status=logged");
    low.id = id;
    put(low);
  }
  const auto rows = announcements(incident("service=shop severity=low status=logged"),
                                  settings->notify, settings->services, kNow);
  ASSERT_EQ(rows.size(), 2U);
  http.answers.push_back(said(""));
  ASSERT_TRUE(sink.digest(rows[1]));
  EXPECT_NE(http.asked.front().body.find("3 low incidents"), std::string::npos)
      << http.asked.front().body;
}

}  // namespace
}  // namespace healer
