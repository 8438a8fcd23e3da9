#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "app/commands/commands.h"
#include "app/server/brain.h"
#include "serve/api/body.h"

namespace healer {
namespace {

int analyze_lines(const Knowledge& knowledge, std::istream& in) {
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
    const auto id = fields->find("id");
    std::cout << analysis_line(analyze_log(knowledge, fields->at("log")),
                               id == fields->end() ? std::to_string(number) : id->second)
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
  const auto knowledge = load_knowledge();
  if (!knowledge) return failed(knowledge.error());
  std::ifstream file;
  const std::string name = arguments.value("input", "-");
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) return failed({Errc::not_found, name + ": cannot be read"});
  }
  std::istream& in = name == "-" ? std::cin : file;
  std::ios::sync_with_stdio(false);
  if (format == "jsonl") return analyze_lines(**knowledge, in);
  std::ostringstream text;
  text << in.rdbuf();
  std::cout << analysis_line(analyze_log(**knowledge, text.str()), "1") << "\n";
  return kExitDone;
}

}  // namespace

CliCommand analyze_command() {
  return {.name = "analyze",
          .usage = "[--input FILE] [--format text|jsonl]",
          .summary = "severity, category, summary and fix of a log",
          .detail =
              "text: the whole input is one log. jsonl: one object a line, {\"id\", \"log\"}; "
              "one line out for each.\n\n  journalctl -u nginx -n 20 | healer analyze",
          .options = {{"input", "FILE", "instead of standard input"},
                      {"format", "FORMAT", "text (default) or jsonl"}},
          .run = analyze};
}

}  // namespace healer
