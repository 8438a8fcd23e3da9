#include "app/brain/trainer.h"

#include <fmt/format.h>
#include <linear.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>

#include "app/server/brain.h"
#include "base/hash.h"
#include "stages/analyze/analyze.h"
#include "stages/analyze/features.h"

namespace healer {
namespace {

constexpr int kFolds = 4;
constexpr std::size_t kRowsMin = 40;
constexpr double kFeatureCost = 0.2, kMixerCost = 0.3, kEpsilon = 0.1;

using Nodes = std::vector<feature_node>;

Nodes nodes_of(std::string_view log) {
  Features features;
  features_of(log, features);
  std::map<int, double> values;
  for (const auto* list : {&features.words, &features.grams})
    for (const std::uint32_t at : *list)
      values[static_cast<int>(at) + 1] = 1 / std::sqrt(static_cast<double>(list->size()));
  Nodes out;
  for (const auto& [index, value] : values) out.push_back({index, value});
  out.push_back({static_cast<int>(kFeatureBuckets) + 1, 1});  // the bias
  out.push_back({-1, 0});
  return out;
}

template <std::size_t N>
Nodes nodes_of(const std::array<float, N>& inputs) {
  Nodes out;
  for (std::size_t i = 0; i < N; ++i)
    if (inputs[i] != 0) out.push_back({static_cast<int>(i) + 1, static_cast<double>(inputs[i])});
  out.push_back({-1, 0});
  return out;
}

// One weight per feature and label, by the label's value; zero where no row has the label.
std::vector<std::vector<double>> fit(std::vector<feature_node*> rows, std::vector<double> labels,
                                     std::size_t features, std::size_t count, int solver,
                                     double cost) {
  problem data{};
  data.l = static_cast<int>(rows.size());
  data.n = static_cast<int>(features);
  data.y = labels.data();
  data.x = rows.data();
  data.bias = -1;
  parameter how{};
  how.solver_type = solver;
  how.C = cost;
  how.eps = kEpsilon;
  set_print_string_function([](const char*) {});
  std::srand(1);  // the solver's order of rows; the same model every time
  model* made = train(&data, &how);
  std::vector<std::vector<double>> out(count, std::vector<double>(features));
  for (int at = 0; at < made->nr_class; ++at) {
    auto& weights = out[static_cast<std::size_t>(made->label[at])];
    // Of two classes liblinear keeps one column of weights, for the first.
    const bool two = made->nr_class == 2;
    for (std::size_t i = 0; i < features; ++i)
      weights[i] = two ? (at == 0 ? 1 : -1) * made->w[i]
                       : made->w[i * static_cast<std::size_t>(made->nr_class) +
                                 static_cast<std::size_t>(at)];
  }
  free_and_destroy_model(&made);
  return out;
}

// The model's table, in eight bits.
void quantize(const std::vector<std::vector<double>>& weights, std::size_t first,
              Classifier::Model& out) {
  for (std::size_t label = 0; label < weights.size(); ++label) {
    const auto& column = weights[label];
    double largest = 1e-9;
    for (std::size_t i = 0; i < kFeatureBuckets; ++i)
      largest = std::max(largest, std::abs(column[i]));
    const double scale = largest / 127;
    for (std::size_t i = 0; i < kFeatureBuckets; ++i)
      out.weights[i * kLabels + first + label] =
          static_cast<std::int8_t>(std::lround(column[i] / scale));
    out.scale[first + label] = static_cast<float>(scale);
    out.bias[first + label] = static_cast<float>(column[kFeatureBuckets]);
  }
}

Classifier::Model fit_table(const std::vector<TrainingRow>& rows, std::vector<Nodes>& nodes,
                            const std::vector<std::size_t>& chosen) {
  Classifier::Model out;
  out.weights.resize(kFeatureBuckets * kLabels);
  std::vector<feature_node*> data;
  std::vector<double> severities, categories;
  for (const std::size_t at : chosen) {
    data.push_back(nodes[at].data());
    severities.push_back(static_cast<double>(rows[at].label.severity));
    categories.push_back(static_cast<double>(rows[at].label.category));
  }
  quantize(
      fit(data, severities, kFeatureBuckets + 1, kSeverities, L2R_L2LOSS_SVC_DUAL, kFeatureCost), 0,
      out);
  quantize(
      fit(data, categories, kFeatureBuckets + 1, kCategories, L2R_L2LOSS_SVC_DUAL, kFeatureCost),
      kSeverities, out);
  return out;
}

int fold_of(const TrainingRow& row) {
  return static_cast<int>(hash64(row.label.group.empty() ? row.label.log : row.label.group) %
                          kFolds);
}

template <std::size_t N, std::size_t Inputs>
void keep(const std::vector<std::vector<double>>& weights,
          std::array<std::array<float, Inputs>, N>& mixer) {
  for (std::size_t label = 0; label < N; ++label)
    for (std::size_t i = 0; i < Inputs; ++i)
      mixer[label][i] = static_cast<float>(weights[label][i]);
}

void fit_mixers(const std::vector<TrainingRow>& rows,
                const std::vector<std::array<float, kLabels>>& scores, Classifier::Model& out) {
  std::vector<Nodes> severity_nodes, category_nodes;
  std::vector<double> severities, categories;
  const bool any_real =
      std::ranges::any_of(rows, [](const auto& row) { return row.label.source != "generated"; });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TrainingRow& row = rows[i];
    if (any_real && row.label.source == "generated") continue;
    severity_nodes.push_back(nodes_of(severity_inputs(scores[i], row.opinion)));
    category_nodes.push_back(nodes_of(category_inputs(scores[i], row.opinion)));
    severities.push_back(static_cast<double>(row.label.severity));
    categories.push_back(static_cast<double>(row.label.category));
  }
  const auto pointers = [](std::vector<Nodes>& nodes) {
    std::vector<feature_node*> rows_of;
    for (auto& one : nodes) rows_of.push_back(one.data());
    return rows_of;
  };
  keep(fit(pointers(severity_nodes), severities, Classifier::kSeverityInputs, kSeverities, L2R_LR,
           kMixerCost),
       out.severity_mixer);
  keep(fit(pointers(category_nodes), categories, Classifier::kCategoryInputs, kCategories, L2R_LR,
           kMixerCost),
       out.category_mixer);
}

}  // namespace

std::vector<TrainingRow> training_rows(const Knowledge& knowledge, std::vector<LabelledLog> logs) {
  std::vector<TrainingRow> out;
  for (auto& log : logs) {
    const RuleOpinion opinion = rule_opinion(knowledge, log.log, worst_level(log.log));
    out.push_back({std::move(log), opinion});
  }
  return out;
}

Result<Classifier::Model> train_classifier(const std::vector<TrainingRow>& rows,
                                           const std::function<void(std::string_view)>& said) {
  if (rows.size() < kRowsMin)
    return fail(Errc::invalid_input,
                fmt::format("{} labelled logs are too few; at least {}", rows.size(), kRowsMin));
  std::vector<Nodes> nodes;
  for (const auto& row : rows) nodes.push_back(nodes_of(row.label.log));
  std::vector<std::array<float, kLabels>> scores(rows.size());
  for (int fold = 0; fold < kFolds; ++fold) {
    said(fmt::format("fold {} of {}", fold + 1, kFolds));
    std::vector<std::size_t> chosen, left;
    for (std::size_t i = 0; i < rows.size(); ++i)
      (fold_of(rows[i]) == fold ? left : chosen).push_back(i);
    const Classifier classifier(fit_table(rows, nodes, chosen));
    for (const std::size_t at : left) scores[at] = classifier.scores(rows[at].label.log);
  }
  said(fmt::format("all {} logs", rows.size()));
  std::vector<std::size_t> all(rows.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  Classifier::Model out = fit_table(rows, nodes, all);
  fit_mixers(rows, scores, out);
  return out;
}

Result<std::vector<LabelledLog>> read_labelled_logs(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::not_found, path + ": cannot be read");
  std::vector<LabelledLog> out;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    auto row = parse_labelled_log(line);
    if (!row)
      return fail(row.error().code, fmt::format("{}:{}: {}", path, number, row.error().message));
    out.push_back(std::move(*row));
  }
  return out;
}

}  // namespace healer
