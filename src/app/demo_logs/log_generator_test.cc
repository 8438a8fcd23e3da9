#include "app/demo_logs/log_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "app/demo_logs/line_template.h"
#include "stages/ingest/ingest.h"

namespace healer {
namespace {

constexpr UnixMs kStart = 1'767'268'800'123;  // 2026-01-01T12:00:00.123Z

RecordBatch read(std::string text) {
  StreamState stream;
  RawPayload payload;
  payload.bytes = std::move(text);
  payload.format = PayloadFormat::text;
  payload.is_final = true;
  return ingest(stream, std::move(payload), kStart + 60'000);
}

LogGenerator make(LogGeneratorOptions options) {
  options.start = kStart;
  auto made = LogGenerator::make(options);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

std::string text_of(std::uint64_t seed) {
  LogGenerator generator = make({.seed = seed});
  std::string out;
  for (int i = 0; i < 500; ++i) out += generator.next();
  return out;
}

TEST(LogGenerator, SameSeedSameText) {
  EXPECT_EQ(text_of(7), text_of(7));
  EXPECT_NE(text_of(7), text_of(8));
}

TEST(LogGenerator, EveryFormatHasNoiseAndFailures) {
  for (const auto format : log_formats()) {
    const auto has = [&](Gravity gravity) {
      return std::ranges::any_of(line_templates(), [&](const LineTemplate& line) {
        return line.format == format && line.gravity == gravity;
      });
    };
    EXPECT_TRUE(has(Gravity::usual)) << format;
    EXPECT_TRUE(has(Gravity::failure)) << format;
  }
  EXPECT_GE(line_templates().size(), 16U);
}

// Every template reads back as one event with the time and level its header says.
TEST(LogGenerator, EveryTemplateIsUnderstood) {
  for (const auto& line : line_templates()) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Draw draw(seed);
      const std::string text = fill(line.text, kStart, draw);
      SCOPED_TRACE(text);
      const RecordBatch batch = read(text);
      EXPECT_EQ(batch.records.size(), 1U);
      if (batch.records.empty()) continue;
      const LogRecord& record = batch.records.front();
      EXPECT_TRUE(record.parsed);
      EXPECT_EQ(record.time / 1000, kStart / 1000);
      EXPECT_EQ(to_string(record.level), to_string(line.level));
      EXPECT_FALSE(record.message.empty());
    }
  }
}

TEST(LogGenerator, NoPlaceholderIsLeft) {
  const std::string text = text_of(3);
  for (const std::string_view left : {"{n:", "{ip}", "{iso", "{host}", "{path}", "{hex", "{ms}"})
    EXPECT_EQ(text.find(left), std::string::npos) << left;
}

double share_of_failures(double errors) {
  // Failures only of one format whose failures alone are at level error.
  LogGenerator generator = make({.seed = 5, .errors = errors, .formats = {"python"}});
  int failures = 0;
  constexpr int kEvents = 4000;
  for (int i = 0; i < kEvents; ++i)
    if (generator.next().find(" ERROR ") != std::string::npos) ++failures;
  return static_cast<double>(failures) / kEvents;
}

TEST(LogGenerator, ErrorShareIsKept) {
  EXPECT_EQ(share_of_failures(0), 0);
  EXPECT_NEAR(share_of_failures(0.08), 0.08, 0.015);
  EXPECT_NEAR(share_of_failures(0.5), 0.5, 0.03);
  EXPECT_EQ(share_of_failures(1), 1);
}

TEST(LogGenerator, KeepsItsRateAndFormats) {
  LogGenerator generator = make({.lines_per_second = 50, .formats = {"java", "redis"}});
  std::size_t lines = 0;
  std::set<char> first;
  UnixMs last = generator.time();
  EXPECT_EQ(last, kStart);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = generator.next();
    ASSERT_TRUE(text.ends_with('\n'));
    lines += static_cast<std::size_t>(std::ranges::count(text, '\n'));
    first.insert(text.find(":M ") == 1 ? 'r' : 'j');
    ASSERT_GE(generator.time(), last);
    last = generator.time();
  }
  EXPECT_EQ(first.size(), 2U);
  const double seconds = static_cast<double>(last - kStart) / 1000;
  EXPECT_NEAR(static_cast<double>(lines) / seconds, 50, 3);
}

TEST(LogGenerator, RefusesWhatItCannotDo) {
  const auto typo = LogGenerator::make({.formats = {"ngnix"}});
  ASSERT_FALSE(typo);
  EXPECT_EQ(typo.error().code, Errc::invalid_input);
  EXPECT_NE(typo.error().message.find("did you mean nginx?"), std::string::npos);
  const auto far = LogGenerator::make({.formats = {"mainframe-journal"}});
  ASSERT_FALSE(far);
  EXPECT_NE(far.error().message.find("kubernetes, python"), std::string::npos);
  EXPECT_FALSE(LogGenerator::make({.lines_per_second = 0}));
  EXPECT_FALSE(LogGenerator::make({.errors = 1.5}));
}

}  // namespace
}  // namespace healer
