#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <iostream>

#include "app/commands/commands.h"
#include "app/fix/report.h"
#include "app/server/brain.h"
#include "app/server/server.h"
#include "base/clock.h"
#include "ports/forge/local_forge.h"

namespace healer {
namespace {

enum class Mode { dry_run, apply, pull_request };

void progress(std::string_view text) {
  if (stderr_is_terminal()) std::cerr << "\x1b[2m" << text << "\x1b[0m\n";
}

// Everything that one run holds.
class Fix {
 public:
  Fix(const CliArguments& arguments, Mode mode) : arguments_(arguments), mode_(mode) {}
  int run();

 private:
  Result<void> look();
  Result<void> prove();
  Result<void> act();
  Result<void> open_pull(const FixRepository& repository);
  int tell() const;

  const CliArguments& arguments_;
  const Mode mode_;
  SystemClock clock_;
  SystemExecutor executor_;
  std::optional<TreeFolder> scratch_;
  std::optional<GitMirrors> mirrors_;
  LogFindings log_;
  std::vector<FixRepository> repositories_;
  std::vector<Playbook> playbooks_;
  FixProposal proposal_;
  FixDone done_;
};

Result<void> Fix::look() {
  const auto knowledge = TRY(load_knowledge());
  playbooks_ = TRY(load_playbooks());
  scratch_.emplace(TRY(TreeFolder::make()));
  mirrors_.emplace(scratch_->path(), executor_);
  for (const auto& folder : arguments_.values("repo")) {
    progress("reading " + folder);
    repositories_.push_back(TRY(open_fix_repository(
        folder, mode_ == Mode::pull_request ? FixBase::commit : FixBase::files, *mirrors_)));
  }
  const std::string name = arguments_.value("log");
  progress("reading " + name);
  std::ifstream file;
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) return fail(Errc::not_found, name + ": cannot be read");
  }
  log_ = TRY(findings_of_log(*knowledge, name == "-" ? std::cin : file, name, clock_.wall_ms()));
  proposal_ = TRY(propose_fix(log_, repositories_, playbooks_, arguments_.value("service")));
  return {};
}

Result<void> Fix::prove() {
  const FixRepository& repository = repositories_[proposal_.repository];
  if (!repository.rules.check.empty())
    progress(fmt::format("proving it: {} on the broken and on the fixed tree",
                         fmt::join(repository.rules.check, " ")));
  const Settings settings = TRY(load_settings({}));
  Prover prover(executor_, settings.check);
  proposal_.proven = TRY(prover.prove(
      {.setup = repository.rules.setup,
       .argv = repository.rules.check,
       .tree = repository.tree,
       .fill = [&](const std::string& folder) { return copy_files(repository.tree, folder); }},
      proposal_.patch));
  return {};
}

Result<void> Fix::open_pull(const FixRepository& repository) {
  LocalForge forge;
  Workbench workbench(*mirrors_, forge, executor_, playbooks_, {});
  IncidentRecord record =
      record_of(proposal_, log_.findings[proposal_.finding], repository, clock_.wall_ms());
  const RepositoryRef ref{.url = repository.url, .branch = repository.branch};
  done_.branch = record.incident.branch;
  if (const auto known = TRY(forge.find_pull(ref.url, done_.branch));
      known && known->state == PullRequestState::open) {
    done_.pr_url = known->url;
    return {};
  }
  record.incident.head_sha = TRY(workbench.push(ref, record, proposal_.patch));
  const PullRequest pull = TRY(workbench.open_pull(ref, record));
  record.pr_number = pull.number;
  record.review.head_sha = record.incident.head_sha;
  done_.pr_url = pull.url;
  return workbench.add_review(ref, record);
}

Result<void> Fix::act() {
  done_.refused = objection(proposal_);
  if (!done_.refused.empty()) return {};
  const FixRepository& repository = repositories_[proposal_.repository];
  if (mode_ == Mode::pull_request) return open_pull(repository);
  if (mode_ != Mode::apply) return {};
  if (repository.checked_out)
    return fail(Errc::invalid_input,
                repository.folder + " is a bare repository: --pr opens a pull request there");
  TRY(write_below(repository.folder, proposal_.patch.files));
  done_.applied = true;
  return {};
}

int Fix::tell() const {
  if (arguments_.has("json"))
    std::cout << fix_report_json(log_, proposal_, done_) << "\n";
  else
    std::cout << fix_report(log_, repositories_, proposal_, done_, stdout_is_terminal());
  std::cout << std::flush;
  if (!done_.refused.empty()) return kExitNothingSafe;
  const FixRepository& repository = repositories_[proposal_.repository];
  if (done_.applied)
    std::cerr << "healer: changed in " << repository.folder << ", nothing is committed\n";
  else if (!done_.pr_url.empty())
    std::cerr << fmt::format("healer: pull request {}\n  look at it: git -C {} diff {}...{}\n",
                             done_.pr_url, repository.url, repository.branch, done_.branch);
  else
    std::cerr << "healer: nothing was changed; --apply edits the files, --pr opens a pull "
                 "request\n";
  return kExitDone;
}

int Fix::run() {
  if (const auto looked = look(); !looked) return failed(looked.error());
  if (std::holds_alternative<Plan>(proposal_.result) &&
      proposal_.review.verdict == Verdict::approved)
    if (const auto proven = prove(); !proven) return failed(proven.error());
  if (const auto acted = act(); !acted) return failed(acted.error());
  return tell();
}

int fix(const CliArguments& arguments) {
  std::vector<Mode> modes;
  for (const auto& [name, mode] :
       {std::pair{"dry-run", Mode::dry_run}, std::pair{"apply", Mode::apply},
        std::pair{"pr", Mode::pull_request}})
    if (arguments.has(name)) modes.push_back(mode);
  if (modes.size() > 1 || !arguments.has("repo") || !arguments.has("log")) {
    std::cerr << "healer: fix needs --repo DIR and --log FILE, and at most one of --dry-run, "
                 "--apply and --pr\n";
    return kExitUsage;
  }
  return Fix(arguments, modes.empty() ? Mode::dry_run : modes.front()).run();
}

}  // namespace

CliCommand fix_command() {
  return {.name = "fix",
          .usage = "--repo DIR --log FILE [--service NAME] [--dry-run|--apply|--pr]",
          .summary = "finds, proves and makes the fix for a log, without a server",
          .detail =
              "Reads the log, finds the setting that is to blame in the repository, and shows the "
              "change as a diff\nwith its proof: the `check` of the repository's .healer.yml, run "
              "in a sandbox on the broken and on the\nfixed tree. Where no safe fix is known it "
              "says why, changes nothing and ends with exit code 3.\n\n"
              "  healer fix --repo ~/shop --log /var/log/shop.log\n"
              "  kubectl logs deploy/shop | healer fix --repo ~/shop --log - --apply",
          .options = {{"repo", "DIR",
                       "working copy, plain folder or bare repository; may be "
                       "given again",
                       true},
                      {"log", "FILE", "the log; - is standard input"},
                      {"service", "NAME", "service of .healer.yml whose folder may be changed"},
                      {"dry-run", "", "only show it (default)"},
                      {"apply", "", "edit the files, commit nothing"},
                      {"pr", "", "commit on a branch and open a pull request"},
                      {"json", "", "one JSON object instead of text"}},
          .run = fix};
}

}  // namespace healer
