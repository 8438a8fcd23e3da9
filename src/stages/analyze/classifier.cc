#include "stages/analyze/classifier.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "stages/analyze/features.h"

namespace healer {
namespace {

constexpr std::string_view kMagic = "healer-brain 1\n";

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
void take(std::string_view& in, T& value) {
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
}

template <std::size_t N, std::size_t Inputs>
std::array<double, N> mix(const std::array<std::array<float, Inputs>, N>& mixer,
                          const std::array<float, Inputs>& inputs) {
  std::array<double, N> out{};
  double sum = 0;
  for (std::size_t label = 0; label < N; ++label) {
    double score = 0;
    for (std::size_t i = 0; i < Inputs; ++i)
      score += static_cast<double>(mixer[label][i]) * static_cast<double>(inputs[i]);
    out[label] = 1 / (1 + std::exp(-score));
    sum += out[label];
  }
  for (double& value : out) value = sum > 0 ? value / sum : 1.0 / N;
  return out;
}

}  // namespace

std::array<float, Classifier::kSeverityInputs> severity_inputs(
    const std::array<float, kLabels>& scores, const RuleOpinion& opinion) {
  std::array<float, Classifier::kSeverityInputs> out{};
  std::copy_n(scores.begin(), kSeverities, out.begin());
  const auto source = static_cast<std::size_t>(opinion.source);
  out[kSeverities + source * kSeverities + static_cast<std::size_t>(opinion.severity)] = 1;
  out[kSeverities * 5 + static_cast<std::size_t>(opinion.level)] = 1;
  out.back() = 1;
  return out;
}

std::array<float, Classifier::kCategoryInputs> category_inputs(
    const std::array<float, kLabels>& scores, const RuleOpinion& opinion) {
  std::array<float, Classifier::kCategoryInputs> out{};
  std::copy_n(scores.begin() + kSeverities, kCategories, out.begin());
  const auto source = static_cast<std::size_t>(opinion.source);
  out[kCategories + source * kCategories + static_cast<std::size_t>(opinion.category)] = 1;
  out.back() = 1;
  return out;
}

Classifier::Classifier(Model model) : model_(std::move(model)) {
  model_.weights.resize(kFeatureBuckets * kLabels);
}

Result<std::unique_ptr<Classifier>> Classifier::parse(std::string_view bytes) {
  Model model;
  const std::size_t size = kMagic.size() + sizeof model.scale + sizeof model.bias +
                           sizeof model.severity_mixer + sizeof model.category_mixer +
                           kFeatureBuckets * kLabels;
  if (bytes.size() != size || !bytes.starts_with(kMagic))
    return fail(Errc::invalid_input, "this is no brain of this version; make one: healer train");
  bytes.remove_prefix(kMagic.size());
  take(bytes, model.scale);
  take(bytes, model.bias);
  take(bytes, model.severity_mixer);
  take(bytes, model.category_mixer);
  model.weights.resize(bytes.size());
  std::memcpy(model.weights.data(), bytes.data(), bytes.size());
  return std::make_unique<Classifier>(std::move(model));
}

std::string Classifier::bytes() const {
  std::string out(kMagic);
  put(out, model_.scale);
  put(out, model_.bias);
  put(out, model_.severity_mixer);
  put(out, model_.category_mixer);
  out.append(reinterpret_cast<const char*>(model_.weights.data()), model_.weights.size());
  return out;
}

std::array<float, kLabels> Classifier::scores(std::string_view text) const {
  thread_local Features features;
  features_of(text, features);
  std::array<float, kLabels> out = model_.bias;
  for (const auto* list : {&features.words, &features.grams}) {
    if (list->empty()) continue;
    std::array<std::int32_t, kLabels> sums{};
    for (const std::uint32_t at : *list) {
      const std::int8_t* row = &model_.weights[at * kLabels];
      for (std::size_t label = 0; label < kLabels; ++label) sums[label] += row[label];
    }
    const float norm = 1 / std::sqrt(static_cast<float>(list->size()));
    for (std::size_t label = 0; label < kLabels; ++label)
      out[label] += static_cast<float>(sums[label]) * model_.scale[label] * norm;
  }
  return out;
}

Probabilities Classifier::judge(std::string_view text, const RuleOpinion& opinion) const {
  const auto raw = scores(text);
  return {.severity = mix(model_.severity_mixer, severity_inputs(raw, opinion)),
          .category = mix(model_.category_mixer, category_inputs(raw, opinion))};
}

}  // namespace healer
