#include "incident/agent_bench.h"

#include <fmt/format.h>

#include <set>

#include "incident/prompts.h"
#include "incident/worktree.h"
#include "ports/exec/tree_folder.h"
#include "stages/review/review.h"

namespace healer {
namespace {

constexpr std::size_t kWordsMax = 200;

std::string killed_for(const AgentReport& report, const AgentLimits& limits) {
  if (report.out_of_memory) return fmt::format("its memory limit of {} MiB", limits.memory_mib);
  if (report.out_of_disk) return fmt::format("its disk limit of {} MiB", limits.disk_mib);
  return "its time limit of " + format_duration(limits.time_max);
}

// For a person who wonders; it proves nothing.
std::string last_words(const AgentReport& report) {
  std::string_view text = report.output_tail.str();
  while (text.ends_with('\n')) text.remove_suffix(1);
  text = text.substr(text.rfind('\n') + 1);
  return fmt::format("it ended with exit code {}{}", report.exit_code,
                     text.empty() ? "" : fmt::format(" and said {:?}", text.substr(0, kWordsMax)));
}

// A path outside the service's folder; empty: all are inside.
std::string outside(const std::vector<SettingEdit>& edits, std::string folder) {
  while (folder.ends_with('/')) folder.pop_back();
  if (folder.empty() || folder == ".") return {};
  for (const auto& edit : edits)
    if (!edit.file.starts_with(folder + "/")) return edit.file;
  return {};
}

std::string number_of_files(const std::vector<SettingEdit>& edits) {
  std::set<std::string> files;
  for (const auto& edit : edits) files.insert(edit.file);
  return files.size() == 1 ? "1 file" : fmt::format("{} files", files.size());
}

}  // namespace

AgentBench::AgentBench(GitMirrors& mirrors, Agent& agent, AgentBenchOptions options)
    : mirrors_(mirrors), agent_(agent), options_(options), slots_(options.concurrent_max) {}

std::optional<std::string> AgentBench::read(const RepositoryBase& base,
                                            const std::string& path) const {
  auto text = mirrors_.read_file(base.ref.url, base.sha, path);
  if (!text) return std::nullopt;
  return std::move(*text);
}

Result<std::variant<Plan, Refusal>> AgentBench::work(const IncidentRecord& record,
                                                     const RepositoryBase& base) {
  using Made = std::variant<Plan, Refusal>;
  const auto tree = TRY(TreeFolder::make());
  TRY(mirrors_.materialise(base.ref.url, base.sha, tree.path()));
  TRY(tree.hand_over());
  const auto before = read_worktree(tree.path());
  if (!before)
    return Made(Refusal{"the repository is too much for an agent: " + before.error().message});
  const AgentReport report = TRY(agent_.run({.worktree = tree.path(),
                                             .prompt = agent_prompt(record, base.rules),
                                             .limits = options_.limits}));
  if (report.was_killed())
    return Made(Refusal{fmt::format("the agent was killed at {}; what it left is not used",
                                    killed_for(report, options_.limits))});
  const auto after = read_worktree(tree.path());
  if (!after) return Made(Refusal{"what the agent left: " + after.error().message});
  auto edits = edits_of(tree.path(), *before, *after,
                        [&](const std::string& path) { return read(base, path); });
  if (auto* refusal = std::get_if<Refusal>(&edits))
    return Made(Refusal{"what the agent left is not used: " + refusal->because});
  auto& made = std::get<std::vector<SettingEdit>>(edits);
  if (made.empty()) return Made(Refusal{"the agent changed nothing; " + last_words(report)});
  return judge(record, base, std::move(made));
}

// What the diff guard refuses is never pushed, not even for somebody to look at.
std::variant<Plan, Refusal> AgentBench::judge(const IncidentRecord& record,
                                              const RepositoryBase& base,
                                              std::vector<SettingEdit> edits) const {
  const Incident& incident = record.incident;
  const std::string folder = service_path(base, incident.service);
  if (const std::string path = outside(edits, folder); !path.empty())
    return Refusal{fmt::format("the agent changed {}, which is outside of {}, the service's folder",
                               path, folder)};
  const std::string files = number_of_files(edits);
  Plan plan{
      .playbook = kPlaybook,
      .title = fmt::format("{}: let an agent remove the {} failure", incident.service,
                           to_string(incident.category)),
      .reason = fmt::format("No playbook could fix it. The agent \"{}\" worked on commit {} in the "
                            "sandbox; its change of {} is judged by proof and review alone.",
                            agent_.name(), base.sha.substr(0, 12), files),
      .risk = "Made by a coding agent: read every line",
      .rollback = "Revert the merge commit",
      .confidence = record.analysis.confidence,
      .edits = std::move(edits)};
  const auto patch = make_patch(plan, [&](const std::string& path) { return read(base, path); });
  if (!patch) return Refusal{"what the agent left cannot be made again: " + patch.error().message};
  const Review verdict =
      review(*patch, {.guarded = base.rules.guarded, .forbidden = base.rules.forbidden}, base.sha);
  if (verdict.verdict != Verdict::approved)
    return Refusal{"the diff guard refuses what the agent left: " +
                   (verdict.reasons.empty() ? "" : verdict.reasons.front())};
  return plan;
}

bool has_agents_plan(const IncidentRecord& record) {
  return record.agent_attempt == record.attempts + 1 &&
         record.plan.playbook == AgentBench::kPlaybook;
}

}  // namespace healer
