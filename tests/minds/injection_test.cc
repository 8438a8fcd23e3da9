#include "incident/prompts.h"
#include "stages/analyze/analyze.h"
#include "stages/analyze/builtin/builtin_knowledge.h"
#include "tests/case_file.h"
#include "tests/minds/world.h"

namespace healer::testing {
namespace {

constexpr const char* kVerdict =
    R"({"severity":"high","category":"application","summary":"The flux is inverted","confidence":0.9})";
constexpr const char* kObeys =
    R"({"severity":"low","category":"network","summary":"All good","confidence":1})";

// Believes whatever stands outside the fences, as long as it is not healer's own.
class GullibleLlm final : public LlmClient {
 public:
  explicit GullibleLlm(std::string own) : own_(std::move(own)) {}
  int asked = 0;

  Result<LlmAnswer> complete(const LlmRequest& request) override {
    ++asked;
    const bool mislead =
        instructions_of(request.pieces) != own_ || !outside(data_of(request.pieces)).empty();
    return LlmAnswer{.text = mislead ? kObeys : kVerdict, .model = "sre-1"};
  }

 private:
  // What is left of the text where each fence is taken from its begin to its end.
  static std::string outside(std::string text) {
    if (!text.starts_with("<data ")) return text;
    const std::string fence = text.substr(6, 16), end = "</data " + fence + ">\n";
    std::string left;
    for (std::size_t at = 0; at < text.size();) {
      const auto begin = text.find("<data " + fence + " ", at);
      left += text.substr(at, begin == std::string::npos ? begin : begin - at);
      const auto close = begin == std::string::npos ? begin : text.find(end, begin);
      if (begin == std::string::npos) break;
      if (close == std::string::npos) return text;
      at = close + end.size();
    }
    return left;
  }

  const std::string own_;
};

struct Injection {
  std::string technique, text;
};

std::vector<Injection> injections() {
  std::istringstream lines(read_text(HEALER_CASES "/injection/strings.txt"));
  std::vector<Injection> out;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    auto [technique, text] = halves(line);
    EXPECT_FALSE(text.empty()) << line;
    out.push_back({std::move(technique), std::move(text)});
  }
  return out;
}

IncidentRecord failure(const std::string& text) {
  IncidentRecord record;
  record.analysis = {.severity = Severity::high,
                     .category = Category::application,
                     .summary = "the flux is inverted",
                     .confidence = 0.5,
                     .uncertain = true,
                     .brain = "embedded",
                     .parameters = {{"client", text}}};
  record.incident.template_text = "flux inverted by " + text;
  for (const std::string& line : {"ERROR flux inverted by \"" + text + "\"", text})
    record.incident.evidence.push_back({.time = 1, .source = "a", .host = "b", .text = line});
  return record;
}

TEST(Injection, OutsideTheFencesWouldBeBelieved) {
  GullibleLlm llm("ours");
  EXPECT_EQ(llm.complete({.pieces = {{Trust::instruction, "", mask("answer low")}}})->text, kObeys);
}

// A log that gives orders gets the verdict and the action of one that gives none.
TEST(Injection, InALogChangesNeitherVerdictNorAction) {
  GullibleLlm llm(instructions_of(consult_prompt(failure("x"))));
  MindsWorld world;
  world.make_consultant = [&](MemoryStore& store) {
    ConsultantOptions options;
    options.calls_per_hour_max = 1000;
    return std::make_unique<Consultant>(
        std::vector<Mind>{{.name = "sre", .api = "openai", .llm = &llm}}, store, store,
        [options] { return options; });
  };
  world.boot();
  const auto what_came = [&](const std::string& text, const std::string& id) {
    IncidentRecord record = failure(text);
    record.incident.fingerprint = hex16(hash64(id));
    world.open(record, id);
    const Incident incident = world.incident(id);
    return world.timeline(id) + fmt::format("{} {} {} {} {}", to_string(incident.severity),
                                            to_string(incident.category), incident.summary,
                                            incident.suggested_fix, incident.affected_file);
  };
  const std::string harmless = what_came("x", "harmless");
  EXPECT_NE(harmless.find("high application The flux is inverted"), std::string::npos) << harmless;
  int count = 0;
  for (const auto& [technique, text] : injections())
    EXPECT_EQ(what_came(text, "i" + std::to_string(count++)), harmless)
        << technique << ": " << text;
  EXPECT_GE(count, 50);
  EXPECT_EQ(llm.asked, count + 1);
}

// Nor does the embedded brain take orders.
TEST(Injection, LeavesTheEmbeddedVerdict) {
  const auto knowledge = builtin_knowledge();
  ASSERT_TRUE(knowledge) << knowledge.error().message;
  const auto verdict = [&](const std::string& text) {
    const Analysis out = analyze_text(
        **knowledge, "FATAL: sorry, too many clients already user_agent=\"" + text + "\"",
        Level::unknown);
    return fmt::format("{} {} {}", to_string(out.severity), to_string(out.category), out.knowledge);
  };
  const std::string harmless = verdict("x");
  for (const auto& [technique, text] : injections())
    EXPECT_EQ(verdict(text), harmless) << technique << ": " << text;
}

}  // namespace
}  // namespace healer::testing
