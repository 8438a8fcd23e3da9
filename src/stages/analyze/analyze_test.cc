#include "stages/analyze/analyze.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/case_file.h"

namespace healer {
namespace {

// The files of knowledge/, as the build reads them.
Result<std::vector<KnowledgeEntry>> all_entries() {
  std::string stream;
  for (const auto& path : testing::sorted_entries(HEALER_SOURCE "/knowledge"))
    if (path.extension() == ".yaml" && !path.filename().string().starts_with('_'))
      stream += "--- # " + path.filename().string() + "\n" + testing::read_text(path) + "\n";
  return parse_knowledge_stream(stream);
}

Result<Lexicon> lexicon() {
  return parse_lexicon(testing::read_text(HEALER_SOURCE "/knowledge/_lexicon.yaml"), "_lexicon");
}

const Knowledge& knowledge() {
  static const std::unique_ptr<Knowledge> made = [] {
    auto entries = all_entries();
    auto words = lexicon();
    EXPECT_TRUE(entries) << entries.error().message;
    EXPECT_TRUE(words) << words.error().message;
    auto out = Knowledge::make(std::move(*entries), std::move(*words));
    EXPECT_TRUE(out) << out.error().message;
    return std::move(*out);
  }();
  return *made;
}

KnowledgeEntry entry(const std::string& id, const std::string& pattern, Severity severity) {
  KnowledgeEntry out;
  out.id = id;
  out.pattern = pattern;
  out.severity = severity;
  return out;
}

TEST(KnowledgeFiles, EveryEntryKeepsItsExamples) {
  const auto entries = all_entries();
  ASSERT_TRUE(entries) << entries.error().message;
  EXPECT_GE(entries->size(), 400U);
  std::set<std::string> ids;
  for (const auto& one : *entries) {
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_TRUE(one.id.starts_with(one.product + ".")) << one.id;
    EXPECT_GE(one.examples.size(), 2U) << one.id;
    EXPECT_FALSE(one.summary.empty()) << one.id;
    EXPECT_FALSE(one.source.empty()) << one.id;
    EXPECT_EQ(one.fix.empty(), one.severity == Severity::low && one.raise.empty()) << one.id;
  }
  for (const auto& sentence : check_examples(knowledge())) ADD_FAILURE() << sentence;
}

TEST(KnowledgeFiles, EveryExampleIsBestKnownByItsOwnProductOrOneAsSevere) {
  for (const auto& one : knowledge().entries())
    for (const auto& example : one.examples) {
      const auto best = knowledge().best(example);
      ASSERT_TRUE(best) << one.id;
      const bool generic = one.id.starts_with("generic.") || one.id.starts_with("fallback.");
      if (generic || best->entry->product == one.product) continue;
      EXPECT_GE(best->entry->severity, one.severity)
          << best->entry->id << " hides " << one.id << ": " << example;
    }
}

TEST(KnowledgeFiles, SummaryAndFixNameOnlyCapturesOfThePattern) {
  for (const auto& one : knowledge().entries())
    for (const std::string& text : {one.summary, one.fix})
      for (std::size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1)) {
        const std::string name = text.substr(at + 1, text.find('}', at) - at - 1);
        EXPECT_NE(one.pattern.find("(?P<" + name + ">"), std::string::npos)
            << one.id << " names {" << name << "}";
      }
}

TEST(KnowledgeYaml, NamesWhatIsWrong) {
  const auto message = [](const std::string& lines) {
    const auto parsed =
        parse_knowledge("product: x\nentries:\n  - id: x.a\n    pattern: boom\n" + lines, "x.yaml");
    return parsed ? std::string() : parsed.error().message;
  };
  const std::string words = "    severity: high\n    category: disk\n";
  EXPECT_EQ(message(words), "");
  EXPECT_NE(message("    severity: bad\n    category: disk\n").find("\"bad\""), std::string::npos);
  EXPECT_NE(message("    severity: high\n    category: moon\n").find("\"moon\""),
            std::string::npos);
  EXPECT_NE(message(words + "    sumary: x\n").find("summary"), std::string::npos);
  EXPECT_NE(message(words + "  - id: x.a\n    pattern: b\n" + words).find("twice"),
            std::string::npos);
  EXPECT_NE(message(words + "  - id: x.b\n    pattern: '(?=a)'\n" + words).find("x.b"),
            std::string::npos);
}

TEST(KnowledgeYaml, AnIdMayNotBeInTwoFiles) {
  const std::string file =
      "product: x\nentries:\n  - id: x.a\n    pattern: b\n    severity: low\n    category: disk\n";
  const auto parsed = parse_knowledge_stream("--- # a.yaml\n" + file + "--- # b.yaml\n" + file);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find("b.yaml"), std::string::npos);
}

TEST(Knowledge, AProductBeforeGenericBeforeFallbackThenTheMoreSevere) {
  const auto made =
      Knowledge::make({entry("fallback.a", "boom", Severity::critical),
                       entry("generic.b", "boom", Severity::critical),
                       entry("p.c", "boom", Severity::low), entry("p.d", "boom", Severity::medium)},
                      Lexicon());
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->best("a boom")->entry->id, "p.d");
  EXPECT_EQ((*made)->all("a boom").back()->id, "fallback.a");
  EXPECT_FALSE((*made)->best("nothing"));
}

TEST(Knowledge, ADatabaseOfTheBuildAnswersLikeOneCompiledHere) {
  const auto database = serialize_database(patterns_of(knowledge().entries()));
  ASSERT_TRUE(database);
  const auto loaded = Knowledge::load(knowledge().entries(), Lexicon(), *database);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(check_examples(**loaded).empty());
  const auto damaged = Knowledge::load(knowledge().entries(), Lexicon(), "not a database");
  ASSERT_TRUE(damaged) << "compiles instead";
  EXPECT_TRUE(check_examples(**damaged).empty());
}

// Input: a first line "level=NAME" if the header says one, then the log. A line of the input that
// is "<repeat N TEXT>" stands for N times TEXT, "\xNN" for a byte.
std::string text_of(const std::string& input) {
  std::string out;
  std::istringstream lines(input);
  for (std::string line; std::getline(lines, line);) {
    int count = 0;
    char text[64] = {};
    if (std::sscanf(line.c_str(), "<repeat %d %63[^>]>", &count, text) == 2) {
      for (int i = 0; i < count; ++i) out += text;
      out += '\n';
      continue;
    }
    for (std::size_t at = 0; at < line.size(); ++at)
      if (line.compare(at, 2, "\\x") == 0 && at + 3 < line.size()) {
        out += static_cast<char>(std::stoi(line.substr(at + 2, 2), nullptr, 16));
        at += 3;
      } else {
        out += line[at];
      }
    out += '\n';
  }
  if (!out.empty()) out.pop_back();
  return out;
}

std::string answer(const testing::CaseFile& file) {
  std::string input = file.input;
  Level level = Level::unknown;
  if (input.starts_with("level=")) {
    const auto end = input.find('\n');
    const auto parsed = parse_enum<Level>(input.substr(6, end - 6));
    EXPECT_TRUE(parsed) << "no such level";
    level = parsed.value_or(Level::unknown);
    input.erase(0, end + 1);
  }
  const Analysis analysis = analyze_text(knowledge(), text_of(input), level);
  std::ostringstream out;
  out << to_string(analysis.severity) << ' ' << to_string(analysis.category)
      << (analysis.uncertain ? " uncertain" : "") << '\n';
  out << "knowledge: " << analysis.knowledge << "\nsummary: " << analysis.summary
      << "\nfix: " << analysis.suggested_fix << "\nfile: " << analysis.affected_file << '\n';
  for (const auto& [name, value] : analysis.parameters)
    if (!value.empty()) out << name << " = " << value << '\n';
  return out.str();
}

TEST(AnalyzeText, Cases) {
  EXPECT_GE(testing::check_cases(HEALER_CASES "/analyze", ".case", answer), 25U);
}

TEST(AnalyzeText, SecretsDoNotLeaveIt) {
  const Analysis out = analyze_text(
      knowledge(), "ERROR cannot log in with password=hunter2horse to billing", Level::error);
  EXPECT_EQ(out.summary.find("hunter2horse"), std::string::npos);
}

struct Scene {
  AnalyzeState state;
  LogRecord record;
  std::vector<Finding> see(std::string_view message, TemplateId id, Level level = Level::error,
                           std::uint32_t count = 1, UnixMs now = 1'000'000) {
    record.message = message;
    record.raw = message;
    record.level = level;
    TemplateHit hit;
    hit.template_id = id;
    hit.record = &record;
    hit.count = count;
    return analyze(state, knowledge(), std::span(&hit, 1), now);
  }
};

TEST(Analyze, OnlyWhatMattersIsFound) {
  Scene scene;
  EXPECT_TRUE(scene.see("served 12 requests", 1, Level::info).empty());
  const auto found = scene.see("web exited with code 137", 2);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].process_death);
  EXPECT_EQ(found[0].analysis.category, Category::memory);
  ASSERT_EQ(found[0].evidence.size(), 1U);
}

TEST(Analyze, ATemplateIsAnalysedOnce) {
  Scene scene;
  EXPECT_EQ(scene.see("web exited with code 137", 1).size(), 1U);
  EXPECT_EQ(scene.see("another text of the same template", 1).size(), 1U);
  EXPECT_EQ(scene.state.templates().size(), 1U);
}

TEST(Analyze, FarMoreThanUsualIsABurst) {
  Scene scene;
  EXPECT_FALSE(scene.see("web exited with code 137", 1, Level::error, 2).at(0).burst);
  EXPECT_TRUE(scene.see("web exited with code 137", 1, Level::error, 100).at(0).burst);
}

TEST(Analyze, AnAlertCountsWhateverItsText) {
  Scene scene;
  scene.record.attributes.push_back({"alert.status", "firing"});
  scene.record.attributes.push_back({"severity", "warning"});
  const auto found = scene.see("all is well", 1, Level::info);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].alert_firing);
  EXPECT_EQ(found[0].analysis.severity, Severity::medium);
}

TEST(OwnFrame, IsTheInnermostThatIsNotOfALibrary) {
  EXPECT_EQ(own_frame_file("Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in "
                           "x\n  File \"/app/b.py\", line 2, in y\n  File "
                           "\"/usr/lib/python3.11/os.py\", line 3, in z\n"),
            "/app/b.py");
  EXPECT_EQ(own_frame_file("\tat java.util.List.get(List.java:1)\n\tat "
                           "com.shop.Cart.add(Cart.java:12)\n"),
            "com/shop/Cart.java");
  EXPECT_EQ(own_frame_file("at x (node:internal/x.js:1:2)\n at y (/app/node_modules/z/i.js:3:4)\n "
                           "at w (/app/src/cart.js:5:6)"),
            "/app/src/cart.js");
  EXPECT_EQ(own_frame_file("no frames at all"), "");
}

}  // namespace
}  // namespace healer
