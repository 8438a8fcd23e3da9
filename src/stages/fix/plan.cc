#include <fmt/format.h>

#include <algorithm>

#include "repo/repo_model.h"
#include "stages/fix/fix.h"
#include "stages/fix/search.h"
#include "types/mask.h"

namespace healer {
namespace {

constexpr double kTie = 0.05;        // closer than this is equally likely
constexpr double kAgreement = 0.03;  // two sources that name the same value
constexpr double kConfidenceMax = 0.99;
constexpr std::size_t kChoicesMax = 4;
constexpr std::size_t kReasonsMax = 8;
constexpr std::size_t kTitleMax = 72;

bool same_edits(const Candidate& a, const Candidate& b) {
  return std::ranges::equal(a.edits, b.edits, [](const SettingEdit& x, const SettingEdit& y) {
    return x.file == y.file && x.path == y.path && x.op == y.op && x.new_value == y.new_value;
  });
}

bool same_settings(const Candidate& a, const Candidate& b) {
  return std::ranges::equal(a.edits, b.edits, [](const SettingEdit& x, const SettingEdit& y) {
    return x.file == y.file && x.path == y.path;
  });
}

// Best first; equal ones stay in the order in which they were found. (std::stable_sort would need a
// deprecated buffer under the second compiler.)
void sort_by_score(std::vector<Candidate>& all) {
  std::ranges::sort(all, [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.order < b.order;
  });
}

// Candidates that do the same become one: the best of them, a little surer, with all facts.
std::vector<Candidate> merged(std::vector<Candidate> all) {
  for (std::size_t i = 0; i < all.size(); ++i) all[i].order = i;
  sort_by_score(all);
  std::vector<Candidate> out;
  for (auto& candidate : all) {
    const auto twin = std::ranges::find_if(
        out, [&](const Candidate& known) { return same_edits(known, candidate); });
    if (twin == out.end()) {
      out.push_back(std::move(candidate));
      continue;
    }
    for (auto& fact : candidate.facts)
      if (std::ranges::find(twin->facts, fact) == twin->facts.end()) {
        if (candidate.source != twin->source) twin->score += kAgreement;
        twin->facts.push_back(std::move(fact));
      }
  }
  sort_by_score(out);
  return out;
}

std::string_view section_of(const SettingEdit& edit) {
  const auto dot = edit.path.rfind('.');
  return std::string_view(edit.path).substr(0, dot == std::string::npos ? 0 : dot);
}

bool same_section(const Candidate& a, const Candidate& b) {
  return a.playbook == b.playbook && a.edits.front().file == b.edits.front().file &&
         !section_of(a.edits.front()).empty() &&
         section_of(a.edits.front()) == section_of(b.edits.front());
}

// What one commit broke is one cause: its restores are one plan where they are nearly as likely, or
// stand in the same section for the same playbook.
void join_commit(std::vector<Candidate>& all) {
  Candidate& best = all.front();
  if (best.source != EditSource::restore || best.commit.empty()) return;
  const Candidate first = best;
  for (auto it = all.begin() + 1; it != all.end();) {
    const bool joins = it->source == EditSource::restore && it->commit == first.commit &&
                       !same_settings(*it, first) && !it->doubtful &&
                       (first.score - it->score < kTie || same_section(*it, first));
    if (!joins) {
      ++it;
      continue;
    }
    best.edits.insert(best.edits.end(), it->edits.begin(), it->edits.end());
    best.names.insert(best.names.end(), it->names.begin(), it->names.end());
    best.facts.insert(best.facts.end(), it->facts.begin(), it->facts.end());
    it = all.erase(it);
  }
}

std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
  text.resize(most);
  return text + "…";
}

std::string one_line(std::string_view text) {
  std::string out = mask(text).str();
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == '`') c = ' ';
  return out;
}

std::string verb_of(const Candidate& candidate) {
  if (candidate.edits.front().op == EditOp::add) return "add";
  if (candidate.source == EditSource::restore) return "restore";
  if (candidate.source != EditSource::scale) return "set";
  return candidate.raises ? "raise" : "lower";
}

// The longest form that fits a commit's first line.
std::string title_of(const Candidate& candidate, std::string_view service) {
  const SettingEdit& edit = candidate.edits.front();
  const std::string head =
      fmt::format("{}{} ", service.empty() ? "" : fmt::format("{}: ", service), verb_of(candidate));
  if (candidate.edits.size() > 1)
    return cut(head + fmt::format("{}", fmt::join(candidate.names, " and ")), kTitleMax);
  const std::string& name = candidate.names.front();
  if (edit.op == EditOp::add)
    return cut(fmt::format("{}{} to {}", head, name, edit.file), kTitleMax);
  for (const std::string& form :
       {fmt::format("{}{} from {} to {}", head, name, edit.old_value, edit.new_value),
        fmt::format("{}{} to {}", head, name, edit.new_value)})
    if (const std::string title = one_line(form); title.size() <= kTitleMax) return title;
  return cut(head + name, kTitleMax);
}

std::string reason_of(const Candidate& candidate, const Symptom& symptom) {
  std::string out;
  if (!symptom.finding.evidence.empty())
    out = fmt::format("The log says: \"{}\". ",
                      cut(one_line(symptom.finding.evidence.front().text), 200));
  out += fmt::format("{}", fmt::join(candidate.facts, " "));
  out += fmt::format(" Playbook {}: {}. Proof: {}", candidate.playbook->id,
                     candidate.playbook->title, candidate.playbook->prove);
  return out;
}

Plan plan_of(const Candidate& candidate, const Symptom& symptom) {
  Plan plan;
  plan.playbook = candidate.playbook->id;
  plan.title = title_of(candidate, symptom.finding.service);
  plan.reason = reason_of(candidate, symptom);
  plan.risk = candidate.playbook->risk;
  plan.rollback = candidate.playbook->rollback;
  plan.confidence = std::clamp(candidate.score, 0.0, kConfidenceMax);
  plan.log_volume = candidate.playbook->log_volume;
  plan.edits = candidate.edits;
  return plan;
}

Refusal refusal(std::string_view head, std::vector<std::string> reasons) {
  std::ranges::sort(reasons);
  reasons.erase(std::ranges::unique(reasons).begin(), reasons.end());
  const std::size_t left = reasons.size() > kReasonsMax ? reasons.size() - kReasonsMax : 0;
  reasons.resize(reasons.size() - left);
  std::string because(head);
  for (const auto& reason : reasons) because += "; " + reason;
  if (left > 0) because += fmt::format("; and {} more", left);
  return {because};
}

PlanResult choose(std::vector<Candidate> all, const Symptom& symptom) {
  join_commit(all);
  std::vector<Plan> close;
  for (const auto& candidate : all)
    if (close.size() < kChoicesMax && all.front().score - candidate.score < kTie)
      close.push_back(plan_of(candidate, symptom));
  if (close.size() == 1) return close.front();
  std::string question = "Which of these is the cause?";
  for (std::size_t i = 0; i < close.size(); ++i)
    question += fmt::format(" {}) {}.", i + 1, describe(close[i]));
  return Choice{std::move(close), std::move(question)};
}

}  // namespace

bool knows(const Playbook& playbook, const Finding& finding) {
  std::vector<std::string> reasons;
  return !matches(symptom_of(finding), std::span(&playbook, 1), reasons).empty();
}

PlanResult plan(const Finding& finding, const RepoModel& repo,
                std::span<const SettingChange> history, std::span<const Playbook> playbooks,
                std::string_view under) {
  const Symptom symptom = symptom_of(finding);
  if (finding.evidence.empty()) return Refusal{"there is no log line that a fix could rest on"};
  while (under.ends_with('/')) under.remove_suffix(1);
  const Ground ground{symptom, repo, history, under == "." ? std::string_view{} : under};
  std::vector<std::string> reasons;
  const auto fitting = matches(symptom, playbooks, reasons);
  if (fitting.empty()) return refusal("no playbook knows this failure", reasons);
  std::vector<Candidate> all;
  for (const auto& match : fitting) {
    const std::size_t known = reasons.size();
    auto found = candidates(ground, match, reasons);
    if (match.playbook->add_missing) {
      auto missing = missing_variables(ground, match, reasons);
      found.insert(found.end(), missing.begin(), missing.end());
    }
    if (found.empty() && reasons.size() == known)
      reasons.push_back(
          fmt::format("{}: no setting with a better value that is known", match.playbook->id));
    all.insert(all.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
  }
  if (all.empty()) {
    if (repo.truncated) reasons.emplace_back("the repository is too large to be read whole");
    return refusal("nothing could be changed safely", reasons);
  }
  return choose(merged(std::move(all)), symptom);
}

}  // namespace healer
