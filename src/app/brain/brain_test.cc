#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/brain/evaluation.h"
#include "app/brain/trainer.h"
#include "stages/analyze/features.h"

namespace healer {
namespace {

LabelledLog labelled(std::string log, Severity severity, Category category) {
  LabelledLog out;
  out.log = std::move(log);
  out.group = out.log;
  out.source = "real";
  out.severity = severity;
  out.category = category;
  return out;
}

// Forty logs of two kinds that share no word.
std::vector<TrainingRow> two_kinds() {
  std::vector<TrainingRow> out;
  for (int i = 0; i < 20; ++i) {
    const std::string end(static_cast<std::size_t>(i + 1), 'x');
    out.push_back(
        {labelled("volume is out of room " + end, Severity::critical, Category::disk), {}});
    out.push_back(
        {labelled("listener accepts peers " + end, Severity::low, Category::network), {}});
  }
  return out;
}

TEST(Brain, LearnsWhatItIsShownAndTheSameEveryTime) {
  const auto rows = two_kinds();
  std::vector<std::string> steps;
  const auto said = [&](std::string_view step) { steps.emplace_back(step); };
  auto model = train_classifier(rows, said);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(steps.size(), 5U);
  const Classifier made(std::move(*model));
  const auto again = train_classifier(rows, said);
  EXPECT_EQ(Classifier(*again).bytes(), made.bytes());
  const auto read = Classifier::parse(made.bytes());
  ASSERT_TRUE(read) << read.error().message;
  const auto found = (*read)->judge("the volume has no room", {});
  EXPECT_EQ(std::ranges::max_element(found.severity) - found.severity.begin(),
            static_cast<std::ptrdiff_t>(Severity::critical));
  EXPECT_EQ(std::ranges::max_element(found.category) - found.category.begin(),
            static_cast<std::ptrdiff_t>(Category::disk));
}

TEST(Brain, TooFewLogsAreRefused) {
  auto rows = two_kinds();
  rows.resize(5);
  EXPECT_EQ(train_classifier(rows, [](std::string_view) {}).error().code, Errc::invalid_input);
}

TEST(Brain, FeaturesOfNumbersAndIdsAreTheSame) {
  Features a, b, c;
  features_of("took 71234 ms, id 0f3a9c22d1e0b7", a);
  features_of("took 98112 ms, id 9e3a1c77d1e0bb", b);
  features_of("took 98112 ms, id 9e3a1c77d1e0bb failed", c);
  EXPECT_EQ(a.words, b.words);
  EXPECT_EQ(a.grams, b.grams);
  EXPECT_NE(b.words, c.words);
  features_of("status 502", a);
  features_of("status 200", b);
  EXPECT_NE(a.words, b.words);
  features_of("", a);
  EXPECT_TRUE(a.grams.empty());
}

TEST(Brain, LabelledLogsAreReadInBothForms) {
  const auto plain =
      parse_labelled_log(R"({"log":"x","severity":"high","category":"disk","id":"1"})");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->severity, Severity::high);
  const auto chat = parse_labelled_log(
      R"({"messages":[{"role":"user","content":"x"},{"role":"assistant",)"
      R"("content":"{\"severity\":\"low\",\"category\":\"auth\"}"}],"metadata":{"product":"p"}})");
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ(chat->category, Category::auth);
  EXPECT_EQ(chat->product, "p");
  for (const char* wrong :
       {"", "{}", R"({"log":"x","severity":"bad","category":"disk"})", R"({"messages":[]})",
        R"({"messages":[{"role":"assistant","content":"no"}]})"})
    EXPECT_FALSE(parse_labelled_log(wrong)) << wrong;
}

TEST(Brain, AFileThatIsWrongNamesItsLine) {
  char name[] = "/tmp/healer-brain-XXXXXX";
  const std::string folder = mkdtemp(name);
  std::ofstream(folder + "/rows.jsonl")
      << R"({"log":"x","severity":"high","category":"disk"})" << "\n\n{\"log\":1}\n";
  const auto read = read_labelled_logs(folder + "/rows.jsonl");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("rows.jsonl:3: "), std::string::npos) << read.error().message;
  EXPECT_EQ(read_labelled_logs(folder + "/none").error().code, Errc::not_found);
  std::filesystem::remove_all(folder);
}

Judged judged(Category right, Category said, double confidence) {
  Judged out;
  out.label.category = right;
  out.said.category = said;
  out.said.confidence = confidence;
  return out;
}

TEST(Brain, ScoresCountWhatWasSaid) {
  using enum Category;
  const auto scores = score({judged(disk, disk, 0.9), judged(disk, memory, 0.4),
                             judged(memory, memory, 0.8), judged(memory, memory, 0.9)});
  EXPECT_EQ(scores.count, 4);
  EXPECT_DOUBLE_EQ(scores.category.accuracy, 0.75);
  EXPECT_NEAR(scores.category.macro_f1, (2.0 / 3 + 4.0 / 5) / 2, 1e-9);
  EXPECT_EQ(
      scores.category.confusion[static_cast<std::size_t>(disk)][static_cast<std::size_t>(memory)],
      1);
  EXPECT_NEAR(scores.calibration.error, (0.1 + 0.4 + 0.2 + 0.1) / 4, 1e-9);
  EXPECT_DOUBLE_EQ(scores.abstention[5].answered, 0.75);
  EXPECT_DOUBLE_EQ(scores.abstention[5].accuracy, 1);
  EXPECT_LT(scores.category.low, 0.75);
  EXPECT_GT(scores.category.high, 0.75);
  EXPECT_EQ(score({}).count, 0);
}

}  // namespace
}  // namespace healer
