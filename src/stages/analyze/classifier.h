#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "types/log_record.h"
#include "types/severity.h"

namespace healer {

inline constexpr std::size_t kSeverities = 4, kCategories = 6, kLevels = 8;
inline constexpr std::size_t kLabels = kSeverities + kCategories;

// What the rules say of a log, and how much they know about it.
struct RuleOpinion {
  enum class Source { words, vague, generic, product };
  Source source = Source::words;
  Severity severity = Severity::low;
  Category category = Category::application;
  Level level = Level::unknown;
};

struct Probabilities {
  std::array<double, kSeverities> severity{};  // by the enum's value; they sum to 1
  std::array<double, kCategories> category{};
};

// A linear model over the features of a log, and a second small one that weighs its scores with
// what the rules say. Both are learnt by `healer train`. Thread-safe.
class Classifier {
 public:
  // Of a mixer: the scores, the opinion's label by its source, for severity the level, and a bias.
  static constexpr std::size_t kSeverityInputs = kSeverities + 4 * kSeverities + kLevels + 1;
  static constexpr std::size_t kCategoryInputs = kCategories + 4 * kCategories + 1;
  struct Model {
    std::vector<std::int8_t> weights;  // kFeatureBuckets rows of kLabels
    std::array<float, kLabels> scale{}, bias{};
    std::array<std::array<float, kSeverityInputs>, kSeverities> severity_mixer{};
    std::array<std::array<float, kCategoryInputs>, kCategories> category_mixer{};
  };

  explicit Classifier(Model model);
  // invalid_input where the bytes are no model of this version.
  static Result<std::unique_ptr<Classifier>> parse(std::string_view bytes);
  std::string bytes() const;

  // Severities first, then categories, each by the enum's value.
  std::array<float, kLabels> scores(std::string_view text) const;
  Probabilities judge(std::string_view text, const RuleOpinion& opinion) const;

 private:
  Model model_;
};

// The inputs of the mixers; the trainer's side of judge().
std::array<float, Classifier::kSeverityInputs> severity_inputs(
    const std::array<float, kLabels>& scores, const RuleOpinion& opinion);
std::array<float, Classifier::kCategoryInputs> category_inputs(
    const std::array<float, kLabels>& scores, const RuleOpinion& opinion);

}  // namespace healer
