#include "stages/ingest/ingest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "stages/ingest/slices.h"

namespace healer {
namespace {

constexpr UnixMs kNow = 1'767'268'800'000;  // 2026-01-01T12:00:00Z

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '\n' ? std::string("\\n") : std::string(1, c);
  return out;
}

// One line a field that says something; attributes in order.
std::string describe(const RecordBatch& batch) {
  std::string out;
  for (const auto& record : batch.records) {
    out += fmt::format("record: {}\n", escaped(record.message));
    if (record.time != kNow) out += fmt::format("  time: {}\n", format_utc(record.time));
    if (record.level != Level::unknown)
      out += fmt::format("  level: {}\n", to_string(record.level));
    const auto field = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) out += fmt::format("  {}: {}\n", name, escaped(value));
    };
    field("service", record.service);
    if (record.source != "case") field("source", record.source);
    field("host", record.host);
    field("version", record.version);
    field("component", record.component);
    for (const auto& item : record.attributes)
      field(std::string("@") + std::string(item.key), item.value);
    if (!record.parsed) out += "  parsed: no\n";
  }
  return out;
}

// A case is input, a line "---", and what comes of it. "#format=json" in the first line sets the
// payload's format.
TEST(IngestCases, EveryFile) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(HEALER_CASES "/ingest"))
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 10U);
  for (const auto& file : files) {
    std::string text = read_file(file);
    const std::size_t split = text.find("\n---\n");
    ASSERT_NE(split, std::string::npos) << file;
    std::string input = text.substr(0, split + 1);
    RawPayload payload{.source = "case", .is_final = true};
    if (input.starts_with("#format=")) {
      const auto name = input.substr(8, input.find('\n') - 8);
      payload.format = parse_enum<PayloadFormat>(name).value();
      payload.bytes = input.substr(input.find('\n') + 1);
    } else {
      payload.bytes = input;
    }
    StreamState state;
    const std::string got = describe(ingest(state, payload, kNow));
    if (std::getenv("HEALER_UPDATE") != nullptr) {
      std::ofstream(file, std::ios::binary) << input << "---\n" << got;
    } else {
      EXPECT_EQ(got, text.substr(split + 5)) << file;
    }
  }
}

RawPayload part(std::string bytes) { return {.bytes = std::move(bytes), .source = "case"}; }

TEST(Ingest, HoldsTheOpenEventUntilItsNextLineOrTheTimeOut) {
  StreamState state;
  auto batch = ingest(state, part("2026-01-01 12:00:00 ERROR a.b: boom\n"), kNow);
  EXPECT_TRUE(batch.records.empty());
  EXPECT_EQ(state.held_bytes(), 36U);
  EXPECT_EQ(state.flush_at(), kNow + limits::kEventHoldMax.count());
  batch = ingest(state, part("\tat x.Y(Z.java:3)\n2026-01-01 12:00:01 INFO a.b: fine\n"), kNow);
  ASSERT_EQ(batch.records.size(), 1U);
  EXPECT_EQ(batch.records[0].message, "boom\n\tat x.Y(Z.java:3)");
  EXPECT_TRUE(flush(state, kNow + 10).records.empty());
  batch = flush(state, kNow + 1000);
  ASSERT_EQ(batch.records.size(), 1U);
  EXPECT_EQ(batch.records[0].message, "fine");
  EXPECT_EQ(state.held_bytes(), 0U);
  EXPECT_EQ(state.flush_at(), 0);
}

// However the bytes are cut, the records are the same.
TEST(Ingest, AnyCutOfTheBytesGivesTheSameRecords) {
  const std::string text =
      "2026-01-01 12:00:00 ERROR a.b: boom\nTraceback (most recent call last):\n  File \"x.py\", "
      "line 3, in f\nValueError: no\n{\"level\":\"info\",\"msg\":\"hi\"}\nplain\r\n\n2026-01-01 "
      "12:00:02 INFO c: x\n";
  StreamState once;
  const auto whole =
      describe(ingest(once, {.bytes = text, .source = "case", .is_final = true}, kNow));
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    StreamState state;
    std::string got = describe(ingest(state, part(text.substr(0, cut)), kNow));
    got += describe(ingest(state, part(text.substr(cut)), kNow));
    got += describe(flush(state, kNow, true));
    EXPECT_EQ(got, whole) << "cut at " << cut;
  }
}

std::string in_slices(RawPayload payload, std::size_t bytes_max) {
  StreamState state;
  std::string out;
  payload.is_final = true;
  PayloadSlices slices(std::move(payload), bytes_max);
  while (auto slice = slices.next()) out += describe(ingest(state, std::move(*slice), kNow));
  EXPECT_EQ(state.held_bytes(), 0U);
  return out;
}

// However large the slices are, the records are those of the whole body.
TEST(Ingest, SlicesGiveTheRecordsOfTheWhole) {
  const std::pair<PayloadFormat, std::string> bodies[] = {
      {PayloadFormat::text,
       "2026-01-01 12:00:00 ERROR a.b: boom\n\tat x.Y(Z.java:3)\nplain\n{\"msg\":\"hi\"}\nlast"},
      {PayloadFormat::ndjson, "{\"msg\":\"a\"}\n{\"msg\":\"b\"}\n"},
      {PayloadFormat::json, R"([{"log":"ERROR a, [b"},"ERROR \"b\\", 3 , [1,2], {"msg":"c"} ])"},
      {PayloadFormat::json,
       R"({"x":[1], "y" : "logs", "events":["no"], "logs" : [ {"log":"a"}, {"log":"b"} ]})"},
      {PayloadFormat::json, R"({"log":"ERROR one object","source":"s"})"},
      {PayloadFormat::json, "[]"}};
  for (const auto& [format, bytes] : bodies) {
    const RawPayload payload{.bytes = bytes, .format = format, .source = "case"};
    const std::string whole = in_slices(payload, 1 << 20);
    for (std::size_t size = 1; size < bytes.size(); ++size)
      EXPECT_EQ(in_slices(payload, size), whole) << bytes << " in slices of " << size;
  }
}

TEST(Ingest, LongLinesAreCutAndMarked) {
  StreamState state;
  std::string bytes = "2026-01-01 12:00:00 ERROR " + std::string(10'000'000, 'x') + "\nnext\n";
  const auto batch = ingest(state, {.bytes = bytes, .source = "case", .is_final = true}, kNow);
  ASSERT_EQ(batch.records.size(), 2U);
  EXPECT_LE(batch.records[0].message.size(), limits::kLineBytesMax);
  EXPECT_EQ(attribute(batch.records[0], "truncated"), "true");
  EXPECT_EQ(batch.records[1].message, "next");
}

TEST(Ingest, AnUnendedLineIsHeldInBoundedMemory) {
  StreamState state;
  for (int i = 0; i < 100; ++i) ingest(state, part(std::string(100'000, 'y')), kNow);
  EXPECT_EQ(state.held_bytes(), 100U * 100'000U);
  const auto batch = ingest(state, part("\nz\n"), kNow);
  ASSERT_EQ(batch.records.size(), 1U);
  EXPECT_EQ(batch.records[0].message.size(), limits::kLineBytesMax);
  EXPECT_EQ(flush(state, kNow, true).records.size(), 1U);
}

TEST(Ingest, AnEventPastItsLimitsIsClosedAndItsRestDropped) {
  StreamState state;
  std::string bytes = "2026-01-01 12:00:00 ERROR a.b: boom\n";
  for (int i = 0; i < 5000; ++i) bytes += "\tat x.Y(Z.java:3)\n";
  bytes += "2026-01-01 12:00:00 INFO a.b: fine\n";
  const auto batch = ingest(state, {.bytes = bytes, .source = "case", .is_final = true}, kNow);
  ASSERT_EQ(batch.records.size(), 2U);
  EXPECT_EQ(attribute(batch.records[0], "truncated"), "true");
  EXPECT_EQ(batch.records[1].message, "fine");
}

TEST(Ingest, HostileBytesAreJustText) {
  StreamState state;
  std::string bytes = "\xff\xfe\xc3( broken\n";
  bytes += std::string("a\0b\0\n", 5);
  bytes += "{\"level\":\"error\",\"msg\":\"\xff\"}\n{{{{\n[[[[\n";
  const auto batch = ingest(state, {.bytes = bytes, .source = "case", .is_final = true}, kNow);
  ASSERT_EQ(batch.records.size(), 5U);
  for (const auto& record : batch.records) EXPECT_FALSE(record.parsed);
  EXPECT_EQ(batch.records[1].message, std::string_view("a\0b\0", 4));
}

TEST(Body, MalformedJsonNamesItsPlace) {
  const auto result = classify_body("{\n  \"log\": \"x\",,\n}", PayloadFormat::json);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::invalid_input);
  EXPECT_NE(result.error().message.find("line 2 column 14"), std::string::npos)
      << result.error().message;
  const auto early = classify_body("{\"log\": \"x\"", PayloadFormat::automatic);
  ASSERT_FALSE(early);
  EXPECT_NE(early.error().message.find("ends too early"), std::string::npos);
}

TEST(Body, FormatsAreTold) {
  const auto of = [](std::string_view body) {
    return classify_body(body, PayloadFormat::automatic).value();
  };
  EXPECT_EQ(of("hello"), PayloadFormat::text);
  EXPECT_EQ(of("[ERROR] hello"), PayloadFormat::text);
  EXPECT_EQ(of("[{\"log\":\"x\"}]"), PayloadFormat::json);
  EXPECT_EQ(of("{\"log\":\"x\"}"), PayloadFormat::json);
  EXPECT_EQ(of("{\"log\":\"x\"}\nnot json\n"), PayloadFormat::ndjson);
  EXPECT_EQ(of("{\"receiver\":\"h\",\"alerts\":[]}"), PayloadFormat::alertmanager);
  EXPECT_EQ(of(""), PayloadFormat::text);
}

TEST(Alerts, WebhookV4) {
  const auto alerts =
      parse_alerts(R"({"version":"4","status":"firing","receiver":"healer","alerts":[
    {"status":"firing","labels":{"alertname":"Down","service":"shop","severity":"critical"},
     "annotations":{"summary":"shop is down"},"startsAt":"2026-01-01T11:59:00Z",
     "endsAt":"0001-01-01T00:00:00Z","fingerprint":"00000000000000ab"},
    {"status":"resolved","labels":{"alertname":"Slow"},"annotations":{},
     "startsAt":"2026-01-01T11:00:00Z","endsAt":"2026-01-01T11:30:00Z","fingerprint":"cd"}]})",
                   kNow);
  ASSERT_TRUE(alerts) << alerts.error().message;
  ASSERT_EQ(alerts->size(), 2U);
  EXPECT_EQ(alerts->at(0).fingerprint, "00000000000000ab");
  EXPECT_EQ(alerts->at(0).ends_at, 0);
  EXPECT_EQ(alerts->at(1).status, AlertStatus::resolved);
  EXPECT_EQ(alerts->at(1).fingerprint.size(), 16U);
  RecordBatch batch;
  append_alert(batch, alerts->at(0), "alertmanager", kNow);
  EXPECT_EQ(batch.records[0].service, "shop");
  EXPECT_EQ(batch.records[0].level, Level::critical);
  EXPECT_EQ(batch.records[0].message, "Down: shop is down");
  EXPECT_EQ(attribute(batch.records[0], alert_attribute::kFingerprint), "00000000000000ab");
}

TEST(Alerts, PrometheusArrayWithoutStatus) {
  const auto alerts = parse_alerts(
      R"([{"labels":{"alertname":"A"},"startsAt":"2026-01-01T11:00:00Z","endsAt":"2026-01-01T11:10:00Z"},
          {"labels":{"alertname":"A"},"startsAt":"2026-01-01T11:00:00Z","endsAt":"2026-01-01T12:10:00Z"}])",
      kNow);
  ASSERT_TRUE(alerts);
  EXPECT_EQ(alerts->at(0).status, AlertStatus::resolved);
  EXPECT_EQ(alerts->at(1).status, AlertStatus::firing);
  EXPECT_EQ(alerts->at(0).fingerprint, alerts->at(1).fingerprint);
}

TEST(Alerts, MalformedBodiesSayWhere) {
  EXPECT_NE(parse_alerts("{\"alerts\":[", kNow).error().message.find("line 1"), std::string::npos);
  EXPECT_NE(parse_alerts("{\"alerts\":[{}]}", kNow).error().message.find("alerts[0].labels"),
            std::string::npos);
  EXPECT_FALSE(parse_alerts("{\"alerts\":3}", kNow));
  EXPECT_FALSE(parse_alerts("7", kNow));
}

}  // namespace
}  // namespace healer
