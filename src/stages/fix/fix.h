#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "stages/fix/history.h"
#include "stages/fix/playbook.h"
#include "types/finding.h"
#include "types/patch.h"

namespace healer {

struct RepoModel;  // repo/repo_model.h

// Looks for the one smallest safe change that explains the finding. `history` has the newest change
// first. Evidence is data: a captured value is used only where the playbook's type check takes it,
// never as a path or a key. Only files below `under`, the service's folder, are touched; empty:
// all. Pure; O(playbooks x (evidence + settings)). Choice: two plans are equally likely. Refusal:
// nothing was safe; it says why, per playbook.
PlanResult plan(const Finding& finding, const RepoModel& repo,
                std::span<const SettingChange> history, std::span<const Playbook> playbooks,
                std::string_view under = {});

// Whether the playbook knows the failure. Pure; O(evidence).
bool knows(const Playbook& playbook, const Finding& finding);

// Text of a file of the repository at the base commit; nullopt if there is none.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// Carries the plan out on those files: structure-preserving, `conflict` where an old value is no
// longer what the plan says. The patch's diff is in git's form. Pure.
Result<Patch> make_patch(const Plan& plan, const ReadFile& read);

// The replace_lines edits that make `after` of `before`, as make_patch wants them; none where they
// are equal. Pure.
std::vector<SettingEdit> line_edits(const std::string& file, std::string_view before,
                                    std::string_view after);

// What a delete_file edit knows of the file: 16 hex digits.
std::string content_hash(std::string_view text);

// 16 hex digits over the playbook and the edits; equal plans have equal hashes. What an approval
// names.
std::string plan_hash(const Plan& plan);

// One sentence on what the plan changes, with file, path and both values.
std::string describe(const Plan& plan);

}  // namespace healer
