#pragma once
#include <string>
#include <vector>

#include "types/finding.h"
#include "types/labelled_log.h"

namespace healer {

// A labelled log with what a brain said of it.
struct Judged {
  LabelledLog label;
  Analysis said;
};

// How well one field was told. Rates are 0 to 1.
struct FieldScore {
  std::vector<std::string> labels;
  std::vector<std::vector<int>> confusion;  // [right answer][what was said]
  double accuracy = 0, macro_f1 = 0;
  double low = 0, high = 0;  // 95 % interval of the accuracy (Wilson)
};

// Ten bins of equal mass: mean confidence and share of right categories in each.
struct Calibration {
  struct Bin {
    double confidence = 0, right = 0;
    int count = 0;
  };
  std::vector<Bin> bins;
  double error = 0;          // expected calibration error
  double low = 0, high = 0;  // 95 % interval by resampling, seed fixed
};

struct Abstention {
  double threshold = 0, answered = 0, accuracy = 0;  // shares; accuracy of category among answered
};

struct Scores {
  int count = 0;
  FieldScore severity, category;
  double both = 0;
  Calibration calibration;
  std::vector<Abstention> abstention;
};

Scores score(const std::vector<Judged>& rows);

std::string scores_json(const std::string& name, const Scores& scores);
std::string scores_table(const std::string& name, const Scores& scores);
// Reliability and the two confusion matrices as one picture.
std::string scores_svg(const Scores& scores);

}  // namespace healer
