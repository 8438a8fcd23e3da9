#include "app/fix/proposal.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "incident/describe.h"
#include "stages/review/review.h"
#include "types/mask.h"

namespace healer {
namespace {

constexpr std::size_t kFindingsTriedMax = 20;

Result<void> build(FixProposal& out, const Plan& plan, const FixRepository& repository) {
  out.patch = TRY(
      make_patch(plan, [&](const std::string& path) { return read_below(repository.tree, path); }));
  out.review = review(out.patch,
                      {.guarded = repository.rules.guarded,
                       .forbidden = repository.rules.forbidden,
                       .log_volume_incident = plan.log_volume},
                      plan_hash(plan));
  return {};
}

}  // namespace

Result<FixProposal> propose_fix(const LogFindings& log,
                                const std::vector<FixRepository>& repositories,
                                const std::vector<Playbook>& playbooks,
                                const std::string& service) {
  FixProposal first;
  bool refused = false;
  for (std::size_t i = 0; i < log.findings.size() && i < kFindingsTriedMax; ++i) {
    Finding finding = log.findings[i];
    finding.service = service;
    for (std::size_t j = 0; j < repositories.size(); ++j) {
      const FixRepository& repository = repositories[j];
      FixProposal one{.finding = i,
                      .repository = j,
                      .result = plan(finding, repository.model, repository.history, playbooks,
                                     repository.service_path(service))};
      if (const auto* found = std::get_if<Plan>(&one.result)) {
        TRY(build(one, *found, repository));
        return one;
      }
      // The worst failure's answer is what a person wants to hear; a choice says more than a no.
      const bool better = std::holds_alternative<Choice>(one.result) &&
                          !std::holds_alternative<Choice>(first.result);
      if (!refused || better) first = std::move(one);
      refused = true;
    }
  }
  return first;
}

std::string objection(const FixProposal& proposal) {
  if (const auto* refusal = std::get_if<Refusal>(&proposal.result)) return refusal->because;
  if (const auto* choice = std::get_if<Choice>(&proposal.result)) {
    std::string out = "several fixes are equally likely, and a wrong one could do harm: ";
    out += choice->question;
    for (const auto& plan : choice->plans) out += "\n  - " + describe(plan);
    return out;
  }
  if (proposal.review.verdict != Verdict::approved)
    return fmt::format("the built-in review turned it down: {}",
                       fmt::join(proposal.review.reasons, "; "));
  if (proposal.proven.regression) return "the proof refused it: " + proposal.proven.proof.detail;
  return {};
}

IncidentRecord record_of(const FixProposal& proposal, const Finding& finding,
                         const FixRepository& repository, UnixMs now) {
  IncidentRecord out;
  out.plan = std::get<Plan>(proposal.result);
  out.analysis = finding.analysis;
  out.proof = proposal.proven.proof;
  out.review = proposal.review;
  out.base_branch = repository.branch;
  out.base_sha = repository.sha;
  out.commit_at = now;
  Incident& incident = out.incident;
  incident.id = plan_hash(out.plan);
  incident.branch = branch_name(out);
  incident.plan_hash = incident.id;
  incident.repository = repository.url;
  incident.severity = finding.analysis.severity;
  incident.category = finding.analysis.category;
  incident.service = finding.service;
  incident.summary = finding.analysis.summary;
  incident.count = static_cast<std::int64_t>(finding.count);
  incident.first_seen = finding.first_seen;
  incident.last_seen = finding.last_seen;
  incident.fingerprint = hex16(finding.fingerprint);
  incident.evidence = finding.evidence;
  incident.diff = mask(proposal.patch.diff).str();
  incident.proof = to_string(out.proof.kind);
  return out;
}

}  // namespace healer
