#include <fmt/format.h>

#include <algorithm>

#include "app/brain/evaluation.h"
#include "types/json.h"

namespace healer {
namespace {

std::string matrix_json(const FieldScore& field) {
  std::string out =
      fmt::format(R"({{"accuracy":{:.4f},"interval":[{:.4f},{:.4f}],"macro_f1":{:.4f},"labels":[)",
                  field.accuracy, field.low, field.high, field.macro_f1);
  for (std::size_t i = 0; i < field.labels.size(); ++i)
    out += fmt::format("{}\"{}\"", i == 0 ? "" : ",", field.labels[i]);
  out += "],\"confusion\":[";
  for (std::size_t i = 0; i < field.confusion.size(); ++i)
    out += fmt::format("{}[{}]", i == 0 ? "" : ",", fmt::join(field.confusion[i], ","));
  return out + "]}";
}

std::string matrix_table(const FieldScore& field) {
  std::string out = fmt::format("  {:<12}", "");
  for (const auto& label : field.labels) out += fmt::format("{:>12}", label);
  out += "   <- said\n";
  for (std::size_t i = 0; i < field.labels.size(); ++i) {
    out += fmt::format("  {:<12}", field.labels[i]);
    for (const int count : field.confusion[i]) out += fmt::format("{:>12}", count);
    out += "\n";
  }
  return out;
}

// A square of the confusion matrix, darker where more of the row lies.
std::string matrix_svg(const FieldScore& field, int x, int y, std::string_view title) {
  constexpr int kCell = 46;
  std::string out = fmt::format(R"(<text x="{}" y="{}" font-weight="bold">{}: {:.1f} %</text>)", x,
                                y - 70, title, field.accuracy * 100);
  const auto count = static_cast<int>(field.labels.size());
  for (int row = 0; row < count; ++row) {
    const auto& cells = field.confusion[static_cast<std::size_t>(row)];
    int sum = 0;
    for (const int cell : cells) sum += cell;
    out += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", x - 6,
                       y + row * kCell + 28, field.labels[static_cast<std::size_t>(row)]);
    out += fmt::format(R"svg(<text transform="translate({},{}) rotate(-45)">{}</text>)svg",
                       x + row * kCell + 24, y - 6, field.labels[static_cast<std::size_t>(row)]);
    for (int column = 0; column < count; ++column) {
      const int cell = cells[static_cast<std::size_t>(column)];
      const double share = sum == 0 ? 0 : static_cast<double>(cell) / sum;
      out += fmt::format(
          R"(<rect x="{0}" y="{1}" width="44" height="44" fill="{2}" fill-opacity="{3:.2f}" stroke="#ccc"/>)"
          R"(<text x="{4}" y="{5}" text-anchor="middle">{6}</text>)",
          x + column * kCell, y + row * kCell, row == column ? "#2563eb" : "#dc2626", share,
          x + column * kCell + 22, y + row * kCell + 27, cell);
    }
  }
  return out;
}

std::string reliability_svg(const Calibration& calibration, int x, int y) {
  constexpr int kSide = 276;
  std::string out = fmt::format(
      R"(<text x="{0}" y="{1}" font-weight="bold">calibration: error {2:.3f}</text>)"
      R"(<rect x="{0}" y="{3}" width="{4}" height="{4}" fill="none" stroke="#999"/>)"
      R"(<line x1="{0}" y1="{5}" x2="{6}" y2="{3}" stroke="#999" stroke-dasharray="4"/>)"
      R"(<text x="{0}" y="{7}">confidence</text>)",
      x, y - 70, calibration.error, y, kSide, y + kSide, x + kSide, y + kSide + 18);
  for (const auto& bin : calibration.bins)
    out += fmt::format(R"(<circle cx="{:.0f}" cy="{:.0f}" r="5" fill="#2563eb"/>)",
                       x + bin.confidence * kSide, y + kSide - bin.right * kSide);
  return out;
}

}  // namespace

std::string scores_json(const std::string& name, const Scores& scores) {
  std::string bins, curve;
  for (const auto& bin : scores.calibration.bins)
    bins += fmt::format(R"({}{{"confidence":{:.4f},"right":{:.4f},"count":{}}})",
                        bins.empty() ? "" : ",", bin.confidence, bin.right, bin.count);
  for (const auto& at : scores.abstention)
    curve += fmt::format(R"({}{{"threshold":{:.1f},"answered":{:.4f},"accuracy":{:.4f}}})",
                         curve.empty() ? "" : ",", at.threshold, at.answered, at.accuracy);
  return fmt::format(
      R"({{"name":{},"count":{},"severity":{},"category":{},"both":{:.4f},)"
      R"("calibration":{{"error":{:.4f},"interval":[{:.4f},{:.4f}],"bins":[{}]}},"abstention":[{}]}})",
      json_quote(name), scores.count, matrix_json(scores.severity), matrix_json(scores.category),
      scores.both, scores.calibration.error, scores.calibration.low, scores.calibration.high, bins,
      curve);
}

std::string scores_table(const std::string& name, const Scores& scores) {
  std::string out = fmt::format(
      "{} ({} logs)\n"
      "  severity  {:.3f}  95 % {:.3f}-{:.3f}  macro F1 {:.3f}\n"
      "  category  {:.3f}  95 % {:.3f}-{:.3f}  macro F1 {:.3f}\n"
      "  both      {:.3f}\n"
      "  calibration error {:.3f}  95 % {:.3f}-{:.3f}\n\n",
      name, scores.count, scores.severity.accuracy, scores.severity.low, scores.severity.high,
      scores.severity.macro_f1, scores.category.accuracy, scores.category.low, scores.category.high,
      scores.category.macro_f1, scores.both, scores.calibration.error, scores.calibration.low,
      scores.calibration.high);
  out += matrix_table(scores.severity) + "\n" + matrix_table(scores.category) + "\n";
  out += "  confidence at least   answered   category right\n";
  for (const auto& at : scores.abstention)
    out +=
        fmt::format("  {:>19.1f}   {:>8.3f}   {:>14.3f}\n", at.threshold, at.answered, at.accuracy);
  return out;
}

std::string scores_svg(const Scores& scores) {
  return fmt::format(
             R"(<svg xmlns="http://www.w3.org/2000/svg" width="1130" height="440" font-family="sans-serif" font-size="13">)"
             R"(<rect width="1130" height="440" fill="white"/>{}{}{}</svg>)",
             matrix_svg(scores.severity, 90, 100, "severity"),
             matrix_svg(scores.category, 400, 100, "category"),
             reliability_svg(scores.calibration, 780, 100)) +
         "\n";
}

}  // namespace healer
