#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/hash.h"
#include "stages/ingest/ingest.h"
#include "stages/mine/mask.h"
#include "stages/mine/mine_file.h"
#include "stages/mine/miner.h"
#include "stages/mine/template_set.h"
#include "stages/mine/trace_key.h"

namespace healer {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string masked(std::string_view text) {
  std::string out;
  mask_line(text, out);
  return out;
}

// mask-*.case: each line masked. Others: the lines as one batch; each hit's count and template.
std::string outcome(const std::string& name, const std::string& input) {
  std::string out;
  if (name.starts_with("mask-")) {
    std::istringstream lines(input);
    for (std::string line; std::getline(lines, line);) out += masked(line) + "\n";
    return out;
  }
  StreamState state;
  const auto batch = ingest(state, {.bytes = input, .source = "case", .is_final = true}, 1000);
  TemplateIds ids;
  Miner miner(ids);
  for (const auto& hit : miner.add(batch)) out += fmt::format("{} x {}\n", hit.count, hit.text);
  return out;
}

TEST(MineCases, EveryFile) {
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HEALER_CASES "/mine")) {
    if (entry.path().extension() != ".case") continue;
    ++cases;
    const std::string text = read_file(entry.path());
    const std::size_t split = text.find("\n---\n");
    ASSERT_NE(split, std::string::npos) << entry.path();
    const std::string input = text.substr(0, split + 1);
    const std::string got = outcome(entry.path().filename().string(), input);
    if (std::getenv("HEALER_UPDATE") != nullptr) {
      std::ofstream(entry.path(), std::ios::binary) << input << "---\n" << got;
    } else {
      EXPECT_EQ(got, text.substr(split + 5)) << entry.path();
    }
  }
  EXPECT_GE(cases, 4U);
}

RecordBatch batch_of(const std::vector<std::string>& messages, std::string_view service = "shop") {
  RecordBatch batch;
  const auto name = batch.own(std::string(service));
  for (const auto& message : messages) {
    LogRecord record;
    record.message = record.raw = batch.own(message);
    record.service = name;
    record.level = Level::error;
    batch.records.push_back(std::move(record));
  }
  return batch;
}

TEST(Miner, TenThousandIdenticalFailuresAreOneTemplate) {
  std::vector<std::string> messages;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::string id = hex16(hash64(std::to_string(i)));
    messages.push_back(fmt::format(
        "order {} of user_{} on 10.{}.{}.7:5{} failed after {}.{}ms: request {}-{}-4{}-8{}-{}{} "
        "0x{} host=node-{}.eu pod shop-{}-{} path /srv/data/{}/x.db quoted '{}' \"{}\" code={}",
        i, i * 7, i % 256, i % 13, i % 1000, i % 97, i % 9, id.substr(0, 8), id.substr(4, 4),
        id.substr(1, 3), id.substr(2, 3), id.substr(0, 8), id.substr(12), id, i % 31,
        id.substr(0, 9) + "1a", "x2x4z", id, id, id.substr(3, 5), i % 5));
  }
  TemplateIds ids;
  Miner miner(ids);
  const auto batch = batch_of(messages);
  const auto hits = miner.add(batch);
  ASSERT_EQ(hits.size(), 1U) << hits[0].text << "\n" << hits[1].text;
  EXPECT_EQ(hits[0].count, 10'000U);
  EXPECT_TRUE(hits[0].is_new);
  EXPECT_EQ(hits[0].record, &batch.records[0]);
}

TEST(Miner, HitsAreKeptApartByHostVersionServiceAndSeverity) {
  TemplateIds ids;
  Miner miner(ids);
  auto batch = batch_of({"connect failed", "connect failed", "connect failed", "connect failed"});
  batch.records[1].host = "web-2";
  batch.records[2].version = "v2";
  batch.records[3].level = Level::info;
  const auto hits = miner.add(batch);
  ASSERT_EQ(hits.size(), 4U);
  EXPECT_EQ(hits[0].template_id, hits[1].template_id);
  EXPECT_EQ(hits[0].fingerprint, hits[2].fingerprint);
  EXPECT_NE(hits[0].fingerprint, hits[3].fingerprint);
  const auto other = batch_of({"connect failed"}, "cart");
  EXPECT_NE(miner.add(other)[0].fingerprint, hits[0].fingerprint);
}

TEST(Miner, AMergeStoresAliasesAndChangesNoFingerprint) {
  TemplateIds ids;
  Miner miner(ids);
  std::vector<TemplateHit> first;
  const auto one = batch_of({"login of alice was refused by policy"});
  const auto born = miner.add(one)[0];
  miner.add(
      batch_of({"login of bob was refused by policy", "login of carol was refused by policy"}));
  const auto late = batch_of({"login of dave was refused by policy"});
  const auto hits = miner.add(late);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].text, "login of <*> was refused by policy");
  EXPECT_EQ(hits[0].template_id, born.template_id);
  EXPECT_EQ(hits[0].fingerprint, born.fingerprint);
  EXPECT_FALSE(hits[0].is_new);
  const auto rows = miner.take_changes();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].alias_of, 0U);
  EXPECT_EQ(rows[1].alias_of, born.template_id);
  EXPECT_EQ(rows[2].alias_of, born.template_id);
  EXPECT_EQ(miner.resolve(rows[2].id), born.template_id);
  EXPECT_TRUE(miner.take_changes().empty());
}

TEST(Miner, ASnapshotBringsBackIdsAndFingerprints) {
  TemplateIds ids;
  Miner miner(ids);
  std::vector<std::string> messages{"disk sda1 is full", "a = b (c) \"d\" [e]: f",
                                    "boom\n\tat com.x.A.b(A.java:3)"};
  for (const char* user : {"ann", "bob", "cyd", "dan", "eve"})
    messages.push_back(fmt::format("login of {} was refused by policy", user));
  const auto batch = batch_of(messages);
  const auto before = miner.add(batch);
  TemplateIds later;
  Miner restored(later);
  restored.restore(miner.snapshot());
  const auto after = restored.add(batch);
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].template_id, before[i].template_id);
    EXPECT_EQ(after[i].fingerprint, before[i].fingerprint);
    EXPECT_EQ(after[i].text, before[i].text);
    EXPECT_FALSE(after[i].is_new);
  }
  const auto fresh = restored.add(batch_of({"something else entirely happened"}));
  for (const auto& hit : before) EXPECT_NE(fresh[0].template_id, hit.template_id);
}

TEST(Miner, AlertsKeepTheirSendersFingerprint) {
  TemplateIds ids;
  Miner miner(ids);
  RecordBatch batch;
  Alert alert{.labels = {{"alertname", "Down"}}, .fingerprint = "0123456789abcdef"};
  append_alert(batch, alert, "alertmanager", 1000);
  alert.status = AlertStatus::resolved;
  append_alert(batch, alert, "alertmanager", 1000);
  const auto hits = miner.add(batch);
  ASSERT_EQ(hits.size(), 2U);  // firing and resolved are heard of separately
  EXPECT_EQ(hits[1].template_id, hits[0].template_id);
  EXPECT_EQ(hits[0].fingerprint, 0x0123456789abcdefULL);
  TemplateIds later;
  Miner restored(later);
  restored.restore(miner.snapshot());
  EXPECT_EQ(restored.add(batch)[0].template_id, hits[0].template_id);
}

std::string unlike_any_other(std::uint64_t i) {
  std::string text = "w";
  for (std::uint64_t word = 0; word < 1 + i % 7; ++word) {
    text += ' ';
    for (char c : hex16(hash64(std::to_string(i * 10 + word))))
      text += static_cast<char>('g' + c % 16);
  }
  return text;
}

TEST(Miner, PastTheLimitAllIsOneOverflowTemplate) {
  TemplateIds ids;
  Miner miner(ids, {.templates_per_service_max = 50});
  std::set<TemplateId> seen;
  for (std::uint64_t i = 0; i < 2000; ++i)
    for (const auto& hit : miner.add(batch_of({unlike_any_other(i)}))) seen.insert(hit.template_id);
  EXPECT_LE(miner.snapshot().size(), 51U);
  EXPECT_LE(seen.size(), 51U);
}

TEST(Miner, OtherLinesDoNotCrowdOutFailures) {
  TemplateIds ids;
  Miner miner(ids, {.templates_per_service_max = 40});
  std::set<TemplateId> plain, severe;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    auto batch = batch_of({unlike_any_other(i)});
    batch.records[0].level = Level::info;
    plain.insert(miner.add(batch)[0].template_id);
  }
  std::vector<std::string> texts;
  for (std::uint64_t i = 2000; i < 3000; ++i) {
    auto batch = batch_of({unlike_any_other(i)});
    batch.records[0].level = Level::error;
    const auto hits = miner.add(batch);
    severe.insert(hits[0].template_id);
    texts.emplace_back(hits[0].text);
  }
  EXPECT_EQ(plain.size(), 31U);
  EXPECT_EQ(severe.size(), 10U);  // and one of them is the overflow template
  EXPECT_EQ(texts.back(), "<*>");
  for (const auto id : severe) EXPECT_FALSE(plain.contains(id));
  TemplateIds later;
  Miner restored(later, {.templates_per_service_max = 40});
  restored.restore(miner.snapshot());
  auto batch = batch_of({unlike_any_other(9'000)});
  batch.records[0].level = Level::error;
  EXPECT_EQ(restored.add(batch)[0].template_id, miner.add(batch)[0].template_id);
  EXPECT_EQ(restored.snapshot().size(), miner.snapshot().size());
}

TEST(TraceKey, NamesTypeAndInnermostOwnFrame) {
  EXPECT_EQ(
      trace_key("order failed\njava.lang.IllegalStateException: no\n\tat "
                "java.base/java.util.X.y(X.java:1)\n\tat shop.Pool.take(Pool.java:41)\nCaused by: "
                "java.net.ConnectException: refused\n\tat java.net.Socket.connect(Socket.java:1)"),
      "java.net.ConnectException at shop.Pool.take(Pool.java:<*>)");
  EXPECT_EQ(
      trace_key("x\nTraceback (most recent call last):\n  File \"/app/main.py\", line 3, in run\n  "
                "  f()\n  File \"/usr/lib/python3/json.py\", line 1, in load\nValueError: bad"),
      "ValueError at File \"app/main.py\", line <*>, in run");
  EXPECT_EQ(
      trace_key("panic: oh\n\ngoroutine 1 [running]:\nmain.f(0x0)\n\t/app/server.go:42 +0x1d\n"),
      "panic at app/server.go:<*>");
  EXPECT_EQ(trace_key("Error: x\n    at node:internal/x:1:2\n    at f (/app/a.js:1:2)"),
            "Error at f (app/a.js:<*>:<*>)");
  EXPECT_EQ(
      trace_key("app.rb:3:in `charge': declined (RuntimeError)\n\tfrom app.rb:10:in `<main>'"),
      "RuntimeError at from app.rb:<*>:in `<main>'");
  EXPECT_EQ(trace_key("several\nlines of\nplain text"), "");
}

TEST(MineFile, WritesOneRowALineWithFinalTemplates) {
  std::istringstream in(
      "2026-01-01 12:00:00 INFO login of ann was refused\r\n2026-01-01 12:00:00 INFO login of bob "
      "was "
      "refused\n\n2026-01-01 12:00:00 INFO said \"x\", twice\n2026-01-01 12:00:00 INFO login of "
      "cyd was "
      "refused\n{\"level\":\"info\",\"msg\":\"login of dan was refused\"}");
  std::ostringstream out;
  const auto summary = mine_file(in, out, MineInput::raw);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->lines, 6U);
  EXPECT_EQ(summary->templates, 3U);
  EXPECT_EQ(
      out.str(),
      "line_id,template_id,template\n1,1,login of <*> was refused\n2,1,login of <*> was "
      "refused\n3,2,\n4,3,\"said \"\"<*>\"\", twice\"\n5,1,login of <*> was refused\n6,1,login "
      "of <*> was refused\n");
}

TEST(MineFile, ContentOnlyKeepsTheWholeLine) {
  std::istringstream in("2026-01-01 12:00:00 INFO a b\n");
  std::ostringstream out;
  ASSERT_TRUE(mine_file(in, out, MineInput::content_only));
  EXPECT_NE(out.str().find("INFO a b"), std::string::npos);
}

}  // namespace
}  // namespace healer
