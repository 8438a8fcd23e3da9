#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "app/commands/commands.h"
#include "app/server/brain.h"
#include "app/server/minds.h"
#include "base/hash.h"
#include "base/line_diff.h"
#include "incident/consultant.h"
#include "ports/http/client.h"
#include "ports/store/memory_store.h"
#include "serve/api/body.h"
#include "types/mask.h"

namespace healer {
namespace {

// The embedded brain and, where --model asks for it, the model of the settings after it. The model
// is asked once per fingerprint of this run; where it has no answer, the embedded one stands and
// standard error says why.
class Analyst {
 public:
  static Result<std::unique_ptr<Analyst>> make(const CliArguments& arguments);
  Result<LogAnalysis> analyze(std::string_view log);

 private:
  SystemClock clock_;
  CurlClient http_;
  Settings settings_;
  std::unique_ptr<Knowledge> knowledge_;
  Minds minds_;
  std::unique_ptr<MemoryStore> asked_;
  std::optional<Consultant> consultant_;
};

Result<std::unique_ptr<Analyst>> Analyst::make(const CliArguments& arguments) {
  auto out = std::make_unique<Analyst>();
  out->knowledge_ = TRY(load_knowledge());
  if (!arguments.has("model")) return out;
  out->settings_ = TRY(settings_of(arguments));
  out->minds_ = TRY(make_minds(out->settings_, out->http_));
  if (out->minds_.minds.empty())
    return fail(Errc::invalid_input, "--model: the settings name no model: set llm.url");
  out->asked_ = make_memory_store(out->clock_);
  out->consultant_.emplace(out->minds_.minds, *out->asked_, *out->asked_,
                           [analyst = out.get()] { return analyst->settings_.consultant; });
  return out;
}

Result<LogAnalysis> Analyst::analyze(std::string_view log) {
  LogAnalysis out = analyze_log(*knowledge_, log);
  if (!consultant_) return out;
  IncidentRecord record{.analysis = out.analysis};
  record.incident.fingerprint = hex16(out.fingerprint);
  for (const auto line : split_lines(log))
    record.incident.evidence.push_back({.text = mask(line).str()});
  auto opinion = TRY(consultant_->ask({.record = record,
                                       .repository = {},
                                       .confidence_min = settings_.policy.confidence_min,
                                       .now = clock_.wall_ms()}));
  asked_->commit(std::move(opinion.remember), [](const CommitResult&) {});
  if (opinion.analysis)
    out.analysis = *opinion.analysis;
  else
    std::cerr << "healer: "
              << (opinion.again_at != 0 ? "the model does not answer now" : opinion.because)
              << "\n";
  return out;
}

int analyze_lines(Analyst& analyst, std::istream& in) {
  std::string line;
  std::size_t number = 0;
  int exit = kExitDone;
  while (std::getline(in, line)) {
    ++number;
    if (line.empty()) continue;
    auto fields = read_body(line);
    if (fields && !fields->contains("log"))
      fields = fail(Errc::invalid_input, "the object has no \"log\"");
    if (!fields) {
      std::cerr << fmt::format("healer: line {}: {}\n", number, fields.error().message);
      exit = kExitFailed;
      continue;
    }
    const auto result = analyst.analyze(fields->at("log"));
    if (!result) return failed(result.error());
    const auto id = fields->find("id");
    std::cout << analysis_line(*result, id == fields->end() ? std::to_string(number) : id->second)
              << "\n";
  }
  return exit;
}

int analyze(const CliArguments& arguments) {
  const std::string format = arguments.value("format", "text");
  if (format != "text" && format != "jsonl") {
    std::cerr << "healer: --format is text or jsonl\n";
    return kExitUsage;
  }
  const auto analyst = Analyst::make(arguments);
  if (!analyst) return failed(analyst.error());
  std::ifstream file;
  const std::string name = arguments.value("input", "-");
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) return failed({Errc::not_found, name + ": cannot be read"});
  }
  std::istream& in = name == "-" ? std::cin : file;
  std::ios::sync_with_stdio(false);
  if (format == "jsonl") return analyze_lines(**analyst, in);
  std::ostringstream text;
  text << in.rdbuf();
  const auto result = (*analyst)->analyze(text.str());
  if (!result) return failed(result.error());
  std::cout << analysis_line(*result, "1") << "\n";
  return kExitDone;
}

}  // namespace

CliCommand analyze_command() {
  return {.name = "analyze",
          .usage = "[--input FILE] [--format text|jsonl] [--model [--config FILE]]",
          .summary = "severity, category, summary and fix of a log",
          .detail =
              "text: the whole input is one log. jsonl: one object a line, {\"id\", \"log\"}; "
              "one line out for each.\n\n  journalctl -u nginx -n 20 | healer analyze",
          .options = {{"input", "FILE", "instead of standard input"},
                      {"format", "FORMAT", "text (default) or jsonl"},
                      {"model", "", "ask the model of the settings (llm.url), too"},
                      config_option()},
          .run = analyze};
}

}  // namespace healer
