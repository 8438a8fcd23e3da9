#include "engine/records.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/case_file.h"

namespace healer {
namespace {

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::string to_hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

// Each release leaves its rows here: `journal FORMAT: HEX` and `workflow: HEX`, and below what they
// mean. Rows are never rewritten; a new format is a new file.
TEST(Records, rows_of_every_release_can_be_read) {
  const auto count = testing::check_cases(
      std::string(HEALER_CASES) + "/journal", ".rows", [](const testing::CaseFile& file) {
        std::string out;
        for (const auto& [key, hex] : file.rows()) {
          if (key == "workflow") {
            const auto envelope = decode_envelope(from_hex(hex));
            EXPECT_TRUE(envelope) << envelope.error().message;
            if (!envelope) continue;
            out += fmt::format("workflow {}#{} end={} state={}\n", envelope->step,
                               envelope->attempt, static_cast<int>(envelope->end), envelope->state);
          } else {
            const auto entry = decode_journal(std::stoi(key.substr(8)), from_hex(hex));
            EXPECT_TRUE(entry) << entry.error().message;
            if (entry) out += describe(*entry) + "\n";
          }
        }
        return out;
      });
  EXPECT_GE(count, 1U);
}

const JournalEntry kEntries[] = {
    {JournalKind::started, "", "plan", "", 1},
    {JournalKind::intent, "publish", "", "branch healer/42", 1},
    {JournalKind::retry, "publish", "publish", "the forge is busy", 1},
    {JournalKind::done, "publish", "review", "", 2},
    {JournalKind::wait, "review", "watch", "", 1},
    {JournalKind::event, "watch", "merge", "", 1},
    {JournalKind::failed, "merge", "tell", "the base moved", 5},
    {JournalKind::cancelled, "tell", "", "not wanted any more", 1},
};

TEST(Records, what_is_written_is_read_back) {
  for (const JournalEntry& entry : kEntries) {
    const auto back = decode_journal(kRecordFormat, encode(entry));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, entry);
  }
  const Envelope envelope{"merge", 3, WorkflowEnd::cancelled, std::string("\0{}", 3)};
  const auto back = decode_envelope(encode(envelope));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, envelope);
}

TEST(Records, damaged_rows_are_refused) {
  const std::string good = encode(kEntries[1]);
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(decode_journal(1, good.substr(0, cut))) << cut;
  }
  EXPECT_FALSE(decode_journal(1, good + "x"));
  const auto newer = decode_journal(2, good);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Errc::unsupported);
  EXPECT_FALSE(decode_envelope(""));
  EXPECT_FALSE(decode_envelope(std::string(4, '\xff') + "xxxx"));
}

// Whoever changes the format finds the rows for its file in the failure.
TEST(Records, this_release_writes_the_newest_file) {
  const Envelope envelope{"review", 2, WorkflowEnd::finished, "{\"id\":\"42\"}"};
  std::string rows;
  for (const JournalEntry& entry : kEntries) {
    rows += fmt::format("journal {}: {}\n", kRecordFormat, to_hex(encode(entry)));
  }
  rows += fmt::format("workflow: {}\n", to_hex(encode(envelope)));
  const auto path = fmt::format("{}/journal/format_{}.rows", HEALER_CASES, kRecordFormat);
  const std::string text = testing::read_text(path);
  EXPECT_NE(text.find(rows), std::string::npos)
      << "the format changed without a new kRecordFormat; these are its rows:\n"
      << rows;
}

}  // namespace
}  // namespace healer
