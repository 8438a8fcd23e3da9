#include "base/limits.h"
#include "incident/prompts.h"
#include "ports/http/client.h"
#include "ports/http/server.h"
#include "ports/llm/fake.h"
#include "tests/case_file.h"
#include "tests/minds/world.h"

namespace healer::testing {
namespace {

constexpr const char* kFingerprint = "00000000000000bb";

IncidentRecord failure() {
  IncidentRecord record;
  record.analysis = {.severity = Severity::high,
                     .category = Category::application,
                     .summary = "the flux is inverted",
                     .suggested_fix = "Look at the newest deploy",
                     .affected_file = {},
                     .confidence = 0.5,
                     .uncertain = true,
                     .brain = "embedded",
                     .knowledge = {},
                     .parameters = {{"host", "db.internal"}}};
  record.incident.fingerprint = kFingerprint;
  record.incident.template_text = "flux inverted at <*>";
  return record;
}

Result<LlmAnswer> answer_of(const std::string& text) {
  if (text == "timeout") return fail(Errc::timeout, "the model's server did not answer within 20s");
  if (text == "down") return fail(Errc::upstream, "the model's server answered 500");
  if (text == "refused") return fail(Errc::unsupported, "the model refused: I cannot");
  if (text == "cut") return fail(Errc::corrupt, "the model's answer is longer than its limit");
  if (text == "wrong key") return fail(Errc::denied, "the model's server answered 401");
  if (text.starts_with("later "))
    return fail(Errc::upstream, "the model's server asks to wait",
                static_cast<long>(parse_duration(text.substr(6))->count()));
  return LlmAnswer{.text = text, .model = "sre-1"};
}

ConsultantOptions options_of_case() {
  ConsultantOptions out;
  out.retries_max = 0;
  return out;
}

struct Scene {
  IncidentRecord record = failure();
  ScriptedLlm llm, second;     // `second` is there where a case has answers of it
  double usd_per_million = 0;  // what the second costs
  ConsultantOptions options = options_of_case();
  std::vector<std::string> acts{"fail 0a"};

  std::vector<Mind> minds() {
    std::vector<Mind> out{{.name = "sre", .api = "openai", .llm = &llm}};
    if (!second.answers.empty())
      out.push_back({.name = "claude",
                     .api = "anthropic",
                     .llm = &second,
                     .usd_per_million_input = usd_per_million,
                     .usd_per_million_output = usd_per_million});
    return out;
  }
};

// True where the row is a setting of the consultant.
bool read_option(ConsultantOptions& options, const std::string& key, const std::string& value) {
  const std::map<std::string, int*> counts{{"calls_per_hour_max", &options.calls_per_hour_max},
                                           {"retries_max", &options.retries_max},
                                           {"breaker_failures", &options.breaker.failures_max}};
  const std::map<std::string, std::int64_t*> tokens{
      {"tokens_per_incident_max", &options.budget.tokens_per_incident_max},
      {"tokens_per_repository_day_max", &options.budget.tokens_per_repository_day_max},
      {"tokens_per_day_max", &options.budget.tokens_per_day_max}};
  const std::map<std::string, double*> dollars{
      {"usd_per_incident_max", &options.budget.usd_per_incident_max},
      {"usd_per_repository_day_max", &options.budget.usd_per_repository_day_max},
      {"usd_per_day_max", &options.budget.usd_per_day_max}};
  if (const auto found = counts.find(key); found != counts.end())
    *found->second = std::stoi(value);
  else if (const auto token = tokens.find(key); token != tokens.end())
    *token->second = std::stoll(value);
  else if (const auto dollar = dollars.find(key); dollar != dollars.end())
    *dollar->second = std::stod(value);
  else
    return false;
  return true;
}

void read_scene(const CaseFile& file, Scene& scene) {
  Analysis& analysis = scene.record.analysis;
  for (const auto& [key, value] : file.rows()) {
    if (read_option(scene.options, key, value)) continue;
    if (key == "severity")
      analysis.severity = *parse_enum<Severity>(value);
    else if (key == "confidence") {
      analysis.confidence = std::stod(value);
      analysis.uncertain = analysis.confidence < 0.6;
    } else if (key == "knowledge")
      analysis.knowledge = value;
    else if (key == "file")
      analysis.affected_file = value;
    else if (key == "alert")
      scene.record.alert = scene.record.alert_firing = true;
    else if (key == "evidence")
      scene.record.incident.evidence.push_back(
          {.time = 1, .source = "shop.log", .host = "a", .text = unescaped(value)});
    else if (key == "answer")
      scene.llm.answers.push_back(answer_of(unescaped(value)));
    else if (key == "second")
      scene.second.answers.push_back(answer_of(unescaped(value)));
    else if (key == "usd_per_million")
      scene.usd_per_million = std::stod(value);
    else if (key == "then")
      scene.acts.push_back(value);
    else
      ADD_FAILURE() << file.path << ": no row " << key;
  }
  if (scene.record.incident.evidence.empty())
    scene.record.incident.evidence.push_back(
        {.time = 1, .source = "shop.log", .host = "a", .text = "ERROR flux inverted at 7"});
}

std::string described(MindsWorld& world, const std::string& id) {
  const IncidentRecord record = world.record(id);
  const Incident& incident = record.incident;
  std::string out = fmt::format("---- {}\n{}", id, world.timeline(id));
  out += fmt::format("severity {}, category {}, confidence {:.2f}{}\n",
                     to_string(incident.severity), to_string(incident.category),
                     incident.confidence, incident.uncertain ? ", uncertain" : "");
  out += fmt::format("brain: {}\nsummary: {}\nfix: {}\nfile: {}\n", record.analysis.brain,
                     incident.summary, incident.suggested_fix, incident.affected_file);
  // What playbooks act on is never a model's.
  EXPECT_EQ(record.analysis.parameters.at("host"), "db.internal");
  EXPECT_EQ(record.analysis.parameters.size(), 1U);
  return out + fmt::format("knowledge: {}\n", record.analysis.knowledge);
}

// Whatever a log says, the instructions are the same and its text is in its fence.
void expect_fenced(const LlmRequest& request) {
  IncidentRecord plain = failure();
  plain.incident.evidence = {{.time = 1, .source = "", .host = "", .text = "x"}};
  const std::string ours = instructions_of(request.pieces);
  EXPECT_TRUE(ours == instructions_of(consult_prompt(plain)) ||
              ours == instructions_of(repair_prompt(plain, "", "")))
      << ours;
  const std::string data = data_of(request.pieces);
  const std::string fence = data.substr(6, 16);
  std::ptrdiff_t ends = 0;
  for (auto at = data.find("</data " + fence + ">"); at != std::string::npos;
       at = data.find("</data " + fence + ">", at + 1))
    ++ends;
  EXPECT_EQ(ends, std::ranges::count(request.pieces, Trust::data, &PromptPiece::trust)) << data;
  EXPECT_NE(request.json_schema.find("\"critical\""), std::string::npos);
}

std::string answer(const CaseFile& file) {
  MindsWorld world;
  Scene scene;
  read_scene(file, scene);
  const std::vector<Mind> minds = scene.minds();
  world.make_consultant = [&](MemoryStore& store) {
    return std::make_unique<Consultant>(minds, store, store, [&] { return scene.options; });
  };
  world.make_repository({{"README.md", "shop\n"}});
  world.boot();
  std::string out;
  for (const auto& words : scene.acts) {
    if (words.starts_with("fail ")) {
      IncidentRecord record = scene.record;
      // The first digit after the space tells failures apart: "fail 1b" is another one than "0a".
      record.incident.fingerprint.front() = words[5];
      out += described(world, world.open(record, words.substr(5)));
    } else if (words.starts_with("show "))
      out += described(world, words.substr(5));
    else if (words == "restart")
      world.restart();
    else if (words.starts_with("wait "))
      world.advance(*parse_duration(words.substr(5)));
    else
      ADD_FAILURE() << words;
  }
  for (const auto& request : scene.llm.asked) expect_fenced(request);
  for (const auto& request : scene.second.asked) expect_fenced(request);
  out += fmt::format("---- asked {} time(s)", scene.llm.asked.size());
  if (minds.size() > 1) out += fmt::format(", the second {} time(s)", scene.second.asked.size());
  return out + "\n";
}

TEST(ConsultCases, EndAsTheyShould) {
  EXPECT_GE(check_cases(HEALER_CASES "/consult", ".case", answer), 45U);
}

std::vector<Mind> one_mind(LlmClient& llm) {
  return {{.name = "sre", .api = "openai", .llm = &llm}};
}

constexpr const char* kAnswer =
    R"({"severity":"critical","category":"database","summary":"The pool is empty","confidence":0.9})";

// The model's server is healer's own HTTP server, which answers as one would: the request goes over
// a real socket, written and read by the code that talks to real ones.
TEST(Consult, OverTheWire) {
  std::string body;
  std::vector<Route> routes;
  routes.push_back({"POST", "/v1/chat/completions", Access::open, "",
                    [&](HttpRequest got, Responder responder) {
                      body = got.body;
                      responder.json(200,
                                     fmt::format(R"({{"model":"sre-7b","choices":[{{"message":)"
                                                 R"({{"role":"assistant","content":{}}},)"
                                                 R"("finish_reason":"stop"}}]}})",
                                                 json_quote(kAnswer)));
                    },
                    "", ""});
  ServerOptions listen;
  listen.listen = "127.0.0.1:0";
  auto server = HttpServer::start(listen, std::move(routes));
  ASSERT_TRUE(server) << server.error().message;
  CurlClient http;
  LlmOptions options;
  options.url = "http://" + (*server)->address() + "/v1";
  options.model = "sre";
  ChatCompletions llm(options, http);
  MindsWorld world;
  world.make_consultant = [&](MemoryStore& store) {
    return std::make_unique<Consultant>(one_mind(llm), store, store, options_of_case);
  };
  world.boot();
  IncidentRecord record = failure();
  record.incident.evidence = {
      {.time = 1, .source = "", .host = "", .text = "ERROR flux password=hunter2abc"}};
  world.open(record, "i");
  const Incident incident = world.incident("i");
  EXPECT_EQ(incident.brain, "openai:sre-7b");
  EXPECT_EQ(incident.summary, "The pool is empty");
  EXPECT_EQ(to_string(incident.severity), "critical");
  EXPECT_NE(body.find("\"json_schema\""), std::string::npos) << body;
  EXPECT_EQ(body.find("hunter2abc"), std::string::npos) << body;

  (*server)->stop();  // Nobody answers any more: the embedded analysis stands.
  record.incident.fingerprint = "00000000000000cc";
  world.open(record, "j");
  EXPECT_EQ(world.incident("j").brain, "embedded");
  EXPECT_NE(world.timeline("j").find("was asked in vain"), std::string::npos);
}

// While as many are asked as may be, an incident waits; it does not hold a thread.
TEST(Consult, WaitsForItsPlace) {
  MindsWorld world;
  ScriptedLlm llm;
  llm.answers.push_back(answer_of(kAnswer));
  Consultant* consultant = nullptr;
  world.make_consultant = [&](MemoryStore& store) {
    auto out = std::make_unique<Consultant>(one_mind(llm), store, store, options_of_case);
    consultant = out.get();
    return out;
  };
  world.boot();
  auto one = consultant->try_enter(), two = consultant->try_enter();
  ASSERT_TRUE(one && two);
  EXPECT_FALSE(consultant->try_enter());
  world.open(failure(), "i");
  EXPECT_TRUE(llm.asked.empty());
  one.reset();
  world.advance(Millis(1'000));
  EXPECT_EQ(llm.asked.size(), 1U);
  EXPECT_EQ(world.incident("i").brain, "openai:sre-1");
}

// A stop of healer is no answer: it is asked again after the restart.
TEST(Consult, AStopIsNoFallback) {
  MindsWorld world;
  ScriptedLlm llm;
  llm.answers = {fail(Errc::cancelled, "not waited for any longer"), answer_of(kAnswer)};
  world.make_consultant = [&](MemoryStore& store) {
    return std::make_unique<Consultant>(one_mind(llm), store, store, options_of_case);
  };
  world.boot();
  world.open(failure(), "i");
  EXPECT_EQ(world.record("i").consulted, "");
  world.restart();
  world.advance(Millis(30'000));
  EXPECT_EQ(world.incident("i").brain, "openai:sre-1");
}

// Whenever healer is killed, the answer is taken in the end, for one call more at most.
TEST(Consult, AKillAtAnyWriteCostsOneCallAtMost) {
  const auto run = [](int crash_at, CrashPoint point) {
    MindsWorld world;
    ScriptedLlm llm;
    llm.answers = {answer_of(kAnswer), answer_of(kAnswer)};
    world.make_consultant = [&](MemoryStore& store) {
      return std::make_unique<Consultant>(one_mind(llm), store, store, options_of_case);
    };
    world.boot();
    if (crash_at > 0) world.store->crash_at_journal_write(crash_at + 1, point);
    world.open(failure(), "i");
    if (crash_at > 0) {
      EXPECT_TRUE(world.store->crashed()) << crash_at;
      world.restart();
      world.settle();
    }
    EXPECT_EQ(world.incident("i").brain, "openai:sre-1") << crash_at;
    EXPECT_EQ(to_string(world.incident("i").status), "notified") << world.timeline("i");
    EXPECT_LE(llm.asked.size(), crash_at > 0 ? 2U : 1U) << crash_at;
    return world.store->journal_writes();
  };
  const int writes = run(0, CrashPoint::before_sync);
  ASSERT_GE(writes, 4);
  for (int n = 1; n < writes; ++n)
    for (const auto point : {CrashPoint::before_sync, CrashPoint::after_sync}) run(n, point);
}

TEST(Consult, OfManyAnswersTheOldestGoes) {
  MindsWorld world;
  ScriptedLlm llm;
  llm.answers.push_back(answer_of(kAnswer));
  WriteBatch many;
  for (std::size_t i = 0; i < limits::kConsultedKept; ++i) {
    const auto at = world.clock.wall_ms() - Millis(86'400'000).count() + static_cast<UnixMs>(i);
    many.add(PutValue{{"consulted", "f" + std::to_string(i),
                       to_json(Consultation{.at = at, .trouble = {}, .analysis = {}})}});
  }
  ASSERT_TRUE(commit_and_wait(*world.store, std::move(many)).ok());
  world.make_consultant = [&](MemoryStore& store) {
    return std::make_unique<Consultant>(one_mind(llm), store, store, options_of_case);
  };
  world.boot();
  world.open(failure(), "i");
  EXPECT_EQ(world.store->values("consulted", "")->size(), limits::kConsultedKept);
  EXPECT_FALSE(*world.store->value("consulted", "f0"));
  EXPECT_TRUE(*world.store->value("consulted", "f1"));
  EXPECT_TRUE(*world.store->value("consulted", kFingerprint));
}

}  // namespace
}  // namespace healer::testing
