#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/glob.h"
#include "stages/fix/compiled.h"
#include "stages/fix/search.h"
#include "stages/fix/value.h"

namespace healer {
namespace {

constexpr double kStrengthMin = 0.6;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

bool any_found(const std::vector<std::unique_ptr<re2::RE2>>& patterns, std::string_view text) {
  return std::ranges::any_of(
      patterns, [&](const auto& regex) { return re2::RE2::PartialMatch(piece(text), *regex); });
}

// The first occurrence that has the capture's type.
std::string capture(const re2::RE2& regex, ValueType type, std::string_view text) {
  re2::StringPiece rest = piece(text);
  re2::StringPiece value;
  while (re2::RE2::FindAndConsume(&rest, regex, &value)) {
    std::string_view found(value.data(), value.size());
    while (found.ends_with('.') || found.ends_with(',')) found.remove_suffix(1);
    if (is_value(type, found)) return std::string(found);
    if (rest.empty()) break;
  }
  return {};
}

double strength_of(const Symptom& symptom, const Playbook& playbook) {
  const Analysis& analysis = symptom.finding.analysis;
  const bool text = any_found(playbook.regexes->text, symptom.text);
  const bool known = !analysis.knowledge.empty() &&
                     std::ranges::any_of(playbook.knowledge, [&](const std::string& glob) {
                       return wildcard_match(glob, analysis.knowledge);
                     });
  const bool category =
      playbook.categories.empty() ||
      std::ranges::find(playbook.categories, analysis.category) != playbook.categories.end();
  double strength = text ? 0.6 : known ? 0.5 : 0;
  if (strength == 0) return 0;
  if (text && known) strength += 0.2;
  if (category) strength += 0.2;
  return strength;
}

}  // namespace

Symptom symptom_of(const Finding& finding) {
  Symptom out{finding, {}, {}, finding.first_seen};
  UnixMs earliest = 0;
  for (const auto& line : finding.evidence) {
    out.text.append(line.text).push_back('\n');
    if (line.time.ms != 0 && (earliest == 0 || line.time.ms < earliest)) earliest = line.time.ms;
  }
  out.text += finding.template_text;
  // A fingerprint may be old; this time it began with its evidence.
  out.began = std::max(out.began, earliest);
  std::string word;
  for (const char c : out.text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      out.words.insert(std::move(word));
      word.clear();
    }
  }
  return out;
}

std::vector<Match> matches(const Symptom& symptom, std::span<const Playbook> playbooks,
                           std::vector<std::string>& reasons) {
  std::vector<Match> out;
  for (const auto& playbook : playbooks) {
    if (!playbook.regexes) continue;
    const double strength = strength_of(symptom, playbook);
    if (strength < kStrengthMin - 1e-9) continue;
    if (any_found(playbook.regexes->refuse, symptom.text)) {
      reasons.push_back(
          fmt::format("{}: the log names a cause that it must not touch", playbook.id));
      continue;
    }
    Match match{&playbook, strength, {}};
    for (const auto& [name, patterns] : playbook.regexes->captures)
      for (const auto& regex : patterns) {
        auto value = capture(*regex, playbook.captures.at(name).type, symptom.text);
        if (value.empty()) continue;
        match.captured[name] = std::move(value);
        break;
      }
    out.push_back(std::move(match));
  }
  return out;
}

bool may_edit(const Ground& ground, const Playbook& playbook, std::string_view file) {
  const RepoFile* info = ground.repo.file(file);
  if (info == nullptr || !info->format || info->kind == FileKind::test ||
      info->kind == FileKind::doc || info->kind == FileKind::ci)
    return false;
  if (!ground.under.empty() &&
      !(file.starts_with(ground.under) && file.substr(ground.under.size()).starts_with('/')))
    return false;
  static constexpr std::string_view kExamples[] = {"*.example*",    "*.sample*",  "*.template*",
                                                   "*.dist",        "*example.*", "*sample.*",
                                                   "**/examples/**"};
  const auto hit = [&](std::string_view glob) { return glob_match(glob, file); };
  if (std::ranges::any_of(kExamples, hit) || std::ranges::any_of(playbook.avoid, hit)) return false;
  return playbook.files.empty() || std::ranges::any_of(playbook.files, hit);
}

}  // namespace healer
