#include "incident/workbench.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/hash.h"
#include "incident/describe.h"
#include "ports/exec/tree_folder.h"
#include "repo/repo_model.h"
#include "stages/decide/rules.h"
#include "types/deploy.h"
#include "types/mask.h"

namespace healer {
namespace {

constexpr const char* kRulesFile = ".healer.yml";
constexpr std::size_t kHistoryCommits = 50;

Result<RepositoryRules> read_rules(GitMirrors& mirrors, const std::string& url,
                                   const std::string& sha) {
  auto text = mirrors.read_file(url, sha, kRulesFile);
  if (!text && text.error().code == Errc::not_found) return RepositoryRules{};
  if (!text) return std::unexpected(text.error());
  return parse_repository_rules(*text);
}

}  // namespace

std::string service_path(const RepositoryBase& base, const std::string& service) {
  if (!base.ref.path.empty()) return base.ref.path;
  const auto it = base.rules.service_paths.find(service);
  return it == base.rules.service_paths.end() ? std::string() : it->second;
}

Workbench::Workbench(GitMirrors& mirrors, Forge& forge, Executor& executor,
                     std::vector<Playbook> playbooks, WorkbenchOptions options)
    : mirrors_(mirrors),
      forge_(forge),
      executor_(executor),
      playbooks_(std::move(playbooks)),
      options_(std::move(options)),
      prover_(executor, options_.check) {}

Result<RepositoryBase> Workbench::base(const RepositoryRef& repository) {
  const auto head = TRY(mirrors_.fetch(repository.url, repository.branch));
  return base_at(repository, head.branch, head.sha);
}

Result<RepositoryBase> Workbench::base_at(const RepositoryRef& repository,
                                          const std::string& branch, const std::string& sha) {
  // A merge that was made on the forge is not in the mirror yet; nor is anything in a new mirror.
  if (!TRY(mirrors_.has(repository.url, sha))) TRY(mirrors_.fetch(repository.url, branch));
  if (!TRY(mirrors_.has(repository.url, sha)))
    return fail(Errc::not_found, fmt::format("{} has no commit {}", repository.url, sha));
  auto rules = TRY(read_rules(mirrors_, repository.url, sha));
  RepositoryBase out{.ref = repository, .branch = branch, .sha = sha, .rules = std::move(rules)};
  if (!out.rules.base_branch.empty() && out.rules.base_branch != branch &&
      repository.branch.empty()) {
    // The owners name another branch to fix; its own rules count from there on.
    out.branch = out.rules.base_branch;
    out.sha = TRY(mirrors_.branch_head(repository.url, out.branch));
    out.rules = TRY(read_rules(mirrors_, repository.url, out.sha));
  }
  return out;
}

Result<bool> Workbench::contains(const RepositoryRef& repository, const std::string& version,
                                 const std::string& ancestor) {
  const std::string commit(commit_in(version));
  if (commit.empty()) return false;
  auto known = mirrors_.contains(repository.url, commit, ancestor);
  if (known) return known;
  TRY(mirrors_.fetch(repository.url, repository.branch));
  known = mirrors_.contains(repository.url, commit, ancestor);
  // A deploy of a commit that the repository does not have says nothing about our merge.
  if (!known && known.error().code == Errc::not_found) return false;
  return known;
}

Result<PlanResult> Workbench::plan(const Finding& finding, const RepositoryBase& base) {
  const FileSource files = [&](const TakeFile& take) -> Result<bool> {
    return mirrors_.each_file(
        base.ref.url, base.sha,
        [&](const std::string& path, std::string_view text) { return take(path, text); });
  };
  const RepoModel model = TRY(build_repo_model(files));
  std::vector<SettingChange> changes;
  for (const auto& file : TRY(mirrors_.history(base.ref.url, base.sha, kHistoryCommits))) {
    // A former fix is not what broke it: taking it back would only bring the former failure back.
    if (file.commit.ours) continue;
    const CommitInfo commit{
        .commit = file.commit.sha, .time = file.commit.time, .subject = file.commit.subject};
    std::ranges::move(setting_changes(commit, file.path, file.before, file.after),
                      std::back_inserter(changes));
  }
  return healer::plan(finding, model, changes, playbooks_, service_path(base, finding.service));
}

Result<Patch> Workbench::patch(const Plan& plan, const RepositoryBase& base) {
  return make_patch(plan, [&](const std::string& path) -> std::optional<std::string> {
    auto text = mirrors_.read_file(base.ref.url, base.sha, path);
    if (!text) return std::nullopt;
    return std::move(*text);
  });
}

Result<std::string> Workbench::push(const RepositoryRef& repository, const IncidentRecord& record,
                                    const Patch& patch) {
  const std::string sha = TRY(mirrors_.commit(repository.url, {.base = record.base_sha,
                                                               .changes = patch.files,
                                                               .message = commit_message(record),
                                                               .at = record.commit_at}));
  TRY(mirrors_.push(repository.url, record.incident.branch, sha, record.pushed_sha));
  return sha;
}

Result<PullRequest> Workbench::open_pull(const RepositoryRef& repository,
                                         const IncidentRecord& record) {
  // One that was opened by a step that was cut off, and merged or closed since, is the one.
  const auto known = TRY(forge_.find_pull(repository.url, record.incident.branch));
  if (known && known->state != PullRequestState::open &&
      known->head_sha == record.incident.head_sha)
    return *known;
  return forge_.open_pull(repository.url,
                          {.head_branch = record.incident.branch,
                           .head_sha = record.incident.head_sha,
                           .base_branch = record.base_branch,
                           .title = record.plan.title,
                           .body = pull_request_body(record).str(),
                           .labels = {"healer", std::string(to_string(record.incident.category)),
                                      std::string(to_string(record.proof.kind))},
                           .draft = record.proof.kind != ProofKind::reproduced});
}

Result<PullRequest> Workbench::pull(const RepositoryRef& repository, const IncidentRecord& record) {
  return forge_.pull(repository.url, record.pr_number);
}

Result<void> Workbench::add_review(const RepositoryRef& repository, const IncidentRecord& record) {
  return forge_.add_review(repository.url, record.pr_number, record.review);
}

Result<std::string> Workbench::merge(const RepositoryRef& repository, const IncidentRecord& record,
                                     const std::string& by) {
  return forge_.merge(repository.url, record.pr_number, record.incident.head_sha, by,
                      record.commit_at);
}

Result<Workbench::Revert> Workbench::revert(const RepositoryRef& repository,
                                            const IncidentRecord& record) {
  const auto pull = TRY(forge_.open_revert(repository.url, record.pr_number,
                                           record.incident.branch + "-revert", record.merged_at));
  Revert out{.url = pull.url, .merge_sha = {}};
  if (!forge_.hosted())
    out.merge_sha =
        TRY(forge_.merge(repository.url, pull.number, pull.head_sha, "healer", record.merged_at));
  return out;
}

Result<void> Workbench::close_pull(const IncidentRecord& record, const std::string& text) {
  const std::string& repository = record.incident.repository;
  if (repository.empty()) return {};
  // By its branch: a step that was cut off may have opened it and not said so.
  const auto pull = TRY(forge_.find_pull(repository, branch_name(record)));
  if (!pull || pull->state != PullRequestState::open) return {};
  TRY(forge_.comment(repository, pull->number, text));
  return forge_.close_pull(repository, pull->number, "healer");
}

bool Workbench::concerns(const Plan& plan, const Finding& finding) const {
  return std::ranges::any_of(playbooks_, [&](const Playbook& playbook) {
    return playbook.id == plan.playbook && knows(playbook, finding);
  });
}

std::string Workbench::code(const RepositoryBase& base, const std::set<std::string>& files) {
  std::string out;
  for (const auto& file : files) {
    const auto text = mirrors_.read_file(base.ref.url, base.sha, file);
    out += fmt::format("{} {}\n", text ? hex16(hash64(*text)) : "none", file);
  }
  return out;
}

std::string Workbench::code_of(const RepositoryBase& base, const Plan& plan) {
  std::set<std::string> files;
  for (const auto& edit : plan.edits) files.insert(edit.file);
  return code(base, files);
}

std::string Workbench::code_at(const RepositoryBase& base, const std::string& code_then) {
  std::set<std::string> files;
  std::istringstream lines(code_then);
  for (std::string line; std::getline(lines, line);) files.insert(line.substr(line.find(' ') + 1));
  return code(base, files);
}

Result<Proven> Workbench::prove(const Patch& patch, const RepositoryBase& base) {
  return prover_.prove({.setup = base.rules.setup,
                        .argv = base.rules.check,
                        .tree = base.ref.url + '\0' + base.sha,
                        .fill =
                            [&](const std::string& folder) {
                              return mirrors_.materialise(base.ref.url, base.sha, folder);
                            }},
                       patch);
}

Result<void> Workbench::deploy(const RepositoryRef& repository, const Incident& incident,
                               const std::string& commit) {
  const auto base =
      TRY(base_at(repository, repository.branch.empty() ? "main" : repository.branch, commit));
  if (base.rules.deploy.empty()) return {};
  const auto tree = TRY(TreeFolder::make());
  TRY(mirrors_.materialise(repository.url, base.sha, tree.path()));
  Command command;
  command.argv = base.rules.deploy;
  command.cwd = tree.path();
  command.env = options_.deploy_env;
  command.env["HEALER_COMMIT"] = commit;
  command.env["HEALER_SERVICE"] = incident.service;
  command.env["HEALER_ENVIRONMENT"] = incident.environment;
  command.timeout = options_.deploy_time_max;
  const auto result = TRY(executor_.run(command));
  if (result.timed_out)
    return fail(Errc::timeout,
                "deploy took longer than " + format_duration(options_.deploy_time_max));
  if (!result.ok())
    return fail(Errc::upstream, "deploy failed: " + mask(result.err + result.out).str());
  return {};
}

}  // namespace healer
