#pragma once
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "repo/repo_model.h"
#include "stages/fix/history.h"
#include "stages/fix/playbook.h"
#include "types/finding.h"
#include "types/patch.h"

namespace healer {

// The failure as playbooks look at it.
struct Symptom {
  const Finding& finding;
  std::string text;             // evidence and template, one line each
  std::set<std::string> words;  // of that text, lower case
  UnixMs began = 0;             // 0: not known
};
Symptom symptom_of(const Finding& finding);

// A playbook that fits the symptom, and how well (0.6 to 1).
struct Match {
  const Playbook* playbook = nullptr;
  double strength = 0;
  std::map<std::string, std::string> captured;  // only values of their type
};

// Playbooks that fit; why those that would fit keep their hands off goes to `reasons`.
std::vector<Match> matches(const Symptom& symptom, std::span<const Playbook> playbooks,
                           std::vector<std::string>& reasons);

// One possible change. `score` compares candidates and becomes the plan's confidence.
struct Candidate {
  const Playbook* playbook = nullptr;
  EditSource source = EditSource::restore;
  std::vector<SettingEdit> edits;
  std::vector<std::string> names;  // of the settings, for people
  std::vector<std::string> facts;  // sentences that say why
  std::string commit;              // restore: the one that broke it
  double score = 0;
  bool raises = false;    // scale: up
  bool doubtful = false;  // the log shows another value than the present one
  std::size_t order = 0;  // in which it was found
};

// What candidates are looked for in.
struct Ground {
  const Symptom& symptom;
  const RepoModel& repo;
  std::span<const SettingChange> history;  // newest first
  std::string_view under;                  // folder of the service; empty: everywhere
};

std::vector<Candidate> candidates(const Ground& ground, const Match& match,
                                  std::vector<std::string>& reasons);

// A documented variable that the evidence names and no file sets.
std::vector<Candidate> missing_variables(const Ground& ground, const Match& match,
                                         std::vector<std::string>& reasons);

// Whether a playbook may edit the file at all.
bool may_edit(const Ground& ground, const Playbook& playbook, std::string_view file);

}  // namespace healer
