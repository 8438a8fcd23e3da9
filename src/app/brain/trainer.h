#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "stages/analyze/classifier.h"
#include "stages/analyze/knowledge.h"
#include "types/labelled_log.h"

namespace healer {

// A labelled log with what the rules say of it.
struct TrainingRow {
  LabelledLog label;
  RuleOpinion opinion;
};

// Asks the rules alone, without a classifier.
std::vector<TrainingRow> training_rows(const Knowledge& knowledge, std::vector<LabelledLog> logs);

// Linear support vector machines, one against the rest, over hashed features; then logistic mixers
// of their scores (of folds by group that they were not trained on) with the rules' opinion, learnt
// from rows that are not generated. The same rows give the same bytes. `said` hears of progress.
// invalid_input where there are too few rows. Source: Fan et al. 2008, LIBLINEAR.
Result<Classifier::Model> train_classifier(const std::vector<TrainingRow>& rows,
                                           const std::function<void(std::string_view)>& said);

// Every line of a file of labelled logs. An error names the line.
Result<std::vector<LabelledLog>> read_labelled_logs(const std::string& path);

}  // namespace healer
