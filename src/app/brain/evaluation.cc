#include "app/brain/evaluation.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace healer {
namespace {

constexpr std::size_t kBins = 10;
constexpr int kResamples = 1000;
constexpr double kZ95 = 1.96;

template <class E>
FieldScore field_score(const std::vector<Judged>& rows, E LabelledLog::* right,
                       E Analysis::* said) {
  FieldScore out;
  for (const auto name : NamesOf<E>::names) out.labels.emplace_back(name);
  const std::size_t count = out.labels.size();
  out.confusion.assign(count, std::vector<int>(count));
  for (const auto& row : rows)
    ++out.confusion[static_cast<std::size_t>(row.label.*right)]
                   [static_cast<std::size_t>(row.said.*said)];
  int hits = 0, present = 0;
  double f1 = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int both = out.confusion[i][i];
    int wanted = 0, given = 0;
    for (std::size_t j = 0; j < count; ++j) {
      wanted += out.confusion[i][j];
      given += out.confusion[j][i];
    }
    hits += both;
    if (wanted + given == 0) continue;
    ++present;
    f1 += 2.0 * both / (wanted + given);
  }
  const double n = std::max<double>(1, static_cast<double>(rows.size()));
  out.accuracy = hits / n;
  out.macro_f1 = present == 0 ? 0 : f1 / present;
  const double middle = (out.accuracy + kZ95 * kZ95 / (2 * n)) / (1 + kZ95 * kZ95 / n);
  const double half = kZ95 / (1 + kZ95 * kZ95 / n) *
                      std::sqrt(out.accuracy * (1 - out.accuracy) / n + kZ95 * kZ95 / (4 * n * n));
  out.low = middle - half;
  out.high = middle + half;
  return out;
}

struct Answer {
  double confidence = 0;
  bool right = false;
};

std::vector<Calibration::Bin> bins_of(std::vector<Answer> answers) {
  std::ranges::stable_sort(answers, {}, &Answer::confidence);
  std::vector<Calibration::Bin> out(std::min(kBins, answers.size()));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto& bin = out[i * out.size() / answers.size()];
    ++bin.count;
    bin.confidence += answers[i].confidence;
    bin.right += answers[i].right ? 1 : 0;
  }
  for (auto& bin : out) {
    bin.confidence /= bin.count;
    bin.right /= bin.count;
  }
  return out;
}

double error_of(const std::vector<Calibration::Bin>& bins) {
  double sum = 0;
  int count = 0;
  for (const auto& bin : bins) {
    sum += bin.count * std::abs(bin.confidence - bin.right);
    count += bin.count;
  }
  return count == 0 ? 0 : sum / count;
}

Calibration calibration_of(const std::vector<Answer>& answers) {
  Calibration out;
  out.bins = bins_of(answers);
  out.error = error_of(out.bins);
  if (answers.empty()) return out;
  std::mt19937_64 random(1);
  std::vector<double> errors;
  std::vector<Answer> drawn(answers.size());
  for (int round = 0; round < kResamples; ++round) {
    for (auto& one : drawn) one = answers[random() % answers.size()];
    errors.push_back(error_of(bins_of(drawn)));
  }
  std::ranges::sort(errors);
  out.low = errors[kResamples * 25 / 1000];
  out.high = errors[kResamples * 975 / 1000];
  return out;
}

std::vector<Abstention> abstention_of(const std::vector<Answer>& answers) {
  std::vector<Abstention> out;
  for (int step = 0; step < 10; ++step) {
    const double threshold = step / 10.0;
    int answered = 0, right = 0;
    for (const auto& one : answers) {
      if (one.confidence < threshold) continue;
      ++answered;
      right += one.right ? 1 : 0;
    }
    out.push_back({threshold, answers.empty() ? 0 : answered / static_cast<double>(answers.size()),
                   answered == 0 ? 0 : right / static_cast<double>(answered)});
  }
  return out;
}

}  // namespace

Scores score(const std::vector<Judged>& rows) {
  Scores out;
  out.count = static_cast<int>(rows.size());
  out.severity = field_score(rows, &LabelledLog::severity, &Analysis::severity);
  out.category = field_score(rows, &LabelledLog::category, &Analysis::category);
  int both = 0;
  std::vector<Answer> answers;
  for (const auto& row : rows) {
    const bool category = row.label.category == row.said.category;
    both += category && row.label.severity == row.said.severity ? 1 : 0;
    answers.push_back({row.said.confidence, category});
  }
  out.both = rows.empty() ? 0 : both / static_cast<double>(rows.size());
  out.calibration = calibration_of(answers);
  out.abstention = abstention_of(answers);
  return out;
}

}  // namespace healer
