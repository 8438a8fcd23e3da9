#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>

#include "app/brain/evaluation.h"
#include "app/brain/trainer.h"
#include "app/commands/commands.h"
#include "app/server/brain.h"
#include "base/hash.h"

namespace healer {
namespace {

constexpr int kProductFolds = 10;

std::vector<Judged> judged(const Knowledge& knowledge, const std::vector<LabelledLog>& logs) {
  std::vector<Judged> out;
  for (const auto& log : logs) out.push_back({log, analyze_log(knowledge, log.log).analysis});
  return out;
}

// The answer that is right most often, for every log.
std::vector<Judged> majority(const std::vector<LabelledLog>& logs) {
  std::map<Severity, int> severities;
  std::map<Category, int> categories;
  for (const auto& log : logs) {
    ++severities[log.severity];
    ++categories[log.category];
  }
  const auto most = [](const auto& counts) {
    return std::ranges::max_element(counts, {}, [](const auto& item) { return item.second; })
        ->first;
  };
  Analysis said;
  said.severity = most(severities);
  said.category = most(categories);
  std::vector<Judged> out;
  for (const auto& log : logs) out.push_back({log, said});
  return out;
}

// What level words and the lexicon alone say.
Result<std::vector<Judged>> keywords(const Knowledge& rules, const std::vector<LabelledLog>& logs) {
  const auto words = TRY(Knowledge::make({}, rules.lexicon()));
  return judged(*words, logs);
}

int fold_of(const std::string& product) {
  return static_cast<int>(hash64(product) % static_cast<std::uint64_t>(kProductFolds));
}

// Every log is judged by a brain that has seen no log of its product and no knowledge of it.
Result<std::vector<Judged>> without_product(const std::vector<LabelledLog>& logs,
                                            const std::string& base) {
  const auto known = TRY(read_labelled_logs(base));
  const auto rules = TRY(load_rules());
  std::vector<Judged> out;
  for (int fold = 0; fold < kProductFolds; ++fold) {
    std::cerr << fmt::format("products {} of {}\n", fold + 1, kProductFolds);
    std::vector<LabelledLog> seen, left;
    std::ranges::copy_if(known, std::back_inserter(seen),
                         [&](const auto& log) { return fold_of(log.product) != fold; });
    std::ranges::copy_if(logs, std::back_inserter(left),
                         [&](const auto& log) { return fold_of(log.product) == fold; });
    auto entries = rules->entries();
    std::erase_if(entries, [&](const KnowledgeEntry& entry) {
      const bool of_no_product = entry.product == "generic" || entry.product == "fallback";
      return !of_no_product && fold_of(entry.product) == fold;
    });
    const auto knowledge = TRY(Knowledge::make(std::move(entries), rules->lexicon()));
    auto model =
        TRY(train_classifier(training_rows(*knowledge, std::move(seen)), [](std::string_view) {}));
    knowledge->learn(std::make_unique<Classifier>(std::move(model)));
    std::ranges::move(judged(*knowledge, left), std::back_inserter(out));
  }
  return out;
}

Result<std::vector<std::pair<std::string, Scores>>> all_scores(const CliArguments& arguments) {
  const auto logs = TRY(read_labelled_logs(arguments.words.front()));
  if (logs.empty()) return fail(Errc::invalid_input, "there is no labelled log in the file");
  const auto knowledge = TRY(load_knowledge());
  const auto rows = judged(*knowledge, logs);
  std::vector<std::pair<std::string, Scores>> out;
  std::map<std::string, std::vector<Judged>> sources;
  for (const auto& row : rows)
    if (!row.label.source.empty()) sources[row.label.source].push_back(row);
  out.emplace_back("all", score(rows));
  if (sources.size() > 1)
    for (const auto& [source, some] : sources) out.emplace_back(source, score(some));
  out.emplace_back("baseline: majority", score(majority(logs)));
  out.emplace_back("baseline: keywords", score(TRY(keywords(*knowledge, logs))));
  if (const std::string base = arguments.value("unseen-products", ""); !base.empty()) {
    std::vector<LabelledLog> real;
    std::ranges::copy_if(logs, std::back_inserter(real),
                         [](const auto& log) { return log.source != "generated"; });
    out.emplace_back("unseen products", score(TRY(without_product(real, base))));
  }
  return out;
}

int eval(const CliArguments& arguments) {
  if (arguments.words.empty()) {
    std::cerr << "healer: eval needs a file of labelled logs\n";
    return kExitUsage;
  }
  const std::string format = arguments.value("format", "text");
  if (format != "text" && format != "json") {
    std::cerr << "healer: --format is text or json\n";
    return kExitUsage;
  }
  const bool json = format == "json";
  const auto scores = all_scores(arguments);
  if (!scores) return failed(scores.error());
  std::string text;
  for (const auto& [name, one] : *scores)
    text += json ? (text.empty() ? "[" : ",\n") + scores_json(name, one)
                 : scores_table(name, one) + "\n";
  std::cout << text << (json ? "]\n" : "");
  const std::string picture = arguments.value("svg", "");
  if (picture.empty()) return kExitDone;
  std::ofstream out(picture, std::ios::trunc);
  const auto real =
      std::ranges::find(*scores, std::string("real"), &std::pair<std::string, Scores>::first);
  out << scores_svg(real != scores->end() ? real->second : scores->front().second);
  out.close();
  return out.fail() ? failed({Errc::io, picture + ": cannot be written"}) : kExitDone;
}

}  // namespace

CliCommand eval_command() {
  return {.name = "eval",
          .usage = "FILE [--format text|json] [--svg FILE] [--unseen-products FILE]",
          .summary = "score the embedded brain on labelled logs",
          .detail =
              "Reads JSON lines as `healer train` does. Prints accuracy, macro F1, confusion, "
              "calibration and what abstaining buys, beside two baselines.\n\n"
              "  healer eval oumi/data/sre_eval.jsonl --svg docs/brain.svg",
          .options = {{"format", "FORMAT", "text (default) or json"},
                      {"svg", "FILE", "a picture of calibration and confusion"},
                      {"unseen-products", "FILE",
                       "also train on FILE without each tenth of the products, and score those"}},
          .words_max = 1,
          .run = eval};
}

}  // namespace healer
