#include "app/fix/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/cli.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr std::size_t kEvidenceShown = 3, kEvidenceWidth = 160, kOthersShown = 3;

class Report {
 public:
  explicit Report(bool colours) : colours_(colours) {}

  void line(std::string_view style, std::string_view text) {
    out_ += styled(printable(text), style, colours_ && !style.empty()) + "\n";
  }
  void row(std::string_view name, std::string_view text) {
    out_ += styled(fmt::format("{:<9} ", name), "2", colours_) + printable(text) + "\n";
  }
  void gap() { out_ += "\n"; }
  std::string take() { return std::move(out_); }

 private:
  const bool colours_;
  std::string out_;
};

std::string_view style_of(Severity severity) {
  return severity >= Severity::high ? "1;31" : severity == Severity::medium ? "1;33" : "1";
}

std::string_view style_of_diff(std::string_view line) {
  if (line.starts_with("+++") || line.starts_with("---") || line.starts_with("diff ")) return "1";
  if (line.starts_with('+')) return "32";
  if (line.starts_with('-')) return "31";
  if (line.starts_with("@@")) return "36";
  return "";
}

std::string times(std::uint64_t n) { return n == 1 ? "once" : fmt::format("{} times", n); }

void show_finding(Report& report, const Finding& finding) {
  const Analysis& analysis = finding.analysis;
  report.line(style_of(analysis.severity),
              fmt::format("{} {}: {}", to_string(analysis.severity), to_string(analysis.category),
                          analysis.summary));
  std::string seen = times(finding.count);
  if (finding.first_seen != 0) seen += ", first at " + format_utc(finding.first_seen);
  if (finding.last_seen != finding.first_seen) seen += ", last at " + format_utc(finding.last_seen);
  report.row("seen", seen);
  for (std::size_t i = 0; i < std::min(kEvidenceShown, finding.evidence.size()); ++i) {
    const std::string& text = finding.evidence[i].text;
    const auto end = std::min(text.find('\n'), kEvidenceWidth);
    report.row(i == 0 ? "log" : "", text.substr(0, end) + (end < text.size() ? " …" : ""));
  }
  if (!analysis.knowledge.empty())
    report.row("known as", fmt::format("{}, confidence {:.0f} %", analysis.knowledge,
                                       analysis.confidence * 100));
  if (!analysis.suggested_fix.empty()) report.row("advice", analysis.suggested_fix);
}

void show_change(Report& report, const FixProposal& proposal, const FixRepository& repository) {
  const auto* plan = std::get_if<Plan>(&proposal.result);
  if (plan == nullptr) return;
  report.gap();
  report.line("1", plan->title);
  report.row("where", repository.folder);
  report.row("why", plan->reason);
  if (!plan->risk.empty()) report.row("risk", plan->risk);
  report.gap();
  std::string_view rest = proposal.patch.diff;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    report.line(style_of_diff(rest.substr(0, end)), rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  report.gap();
  const Proof& proof = proposal.proven.proof;
  report.row("proof", fmt::format("{}: {}", to_string(proof.kind), proof.detail));
  report.row("review",
             fmt::format("{} by {}{}", to_string(proposal.review.verdict), proposal.review.reviewer,
                         proposal.review.guarded ? " (touches a guarded path)" : ""));
}

void show_others(Report& report, const LogFindings& log, std::size_t shown) {
  std::size_t left = 0;
  for (std::size_t i = 0; i < log.findings.size(); ++i) {
    const auto& one = log.findings[i];
    if (i == shown || one.fingerprint == log.findings[shown].fingerprint) continue;
    if (left++ >= kOthersShown) continue;
    report.row("also", fmt::format("{} {}: {} ({})", to_string(one.analysis.severity),
                                   to_string(one.analysis.category), one.analysis.summary,
                                   times(one.count)));
  }
  if (left > kOthersShown) report.row("", fmt::format("and {} more", left - kOthersShown));
}

}  // namespace

std::string fix_report(const LogFindings& log, const std::vector<FixRepository>& repositories,
                       const FixProposal& proposal, const FixDone& done, bool colours) {
  Report report(colours);
  if (!log.findings.empty()) {
    show_finding(report, log.findings[proposal.finding]);
    show_others(report, log, proposal.finding);
    show_change(report, proposal, repositories[proposal.repository]);
  }
  if (!done.refused.empty()) {
    report.gap();
    report.line("1;33", "Nothing was changed: " + done.refused);
  }
  return report.take();
}

std::string fix_report_json(const LogFindings& log, const FixProposal& proposal,
                            const FixDone& done) {
  std::string finding = "null", plan = "null", more = "";
  if (!log.findings.empty()) {
    const Finding& one = log.findings[proposal.finding];
    std::string evidence;
    for (const auto& line : one.evidence)
      evidence += (evidence.empty() ? "" : ",") + json_quote(line.text);
    finding = fmt::format(R"({{"analysis":{},"count":{},"evidence":[{}]}})", to_json(one.analysis),
                          one.count, evidence);
  }
  if (const auto* found = std::get_if<Plan>(&proposal.result)) {
    plan = to_json(*found);
    more = fmt::format(R"(,"diff":{},"review":{},"proof":{})", json_quote(proposal.patch.diff),
                       to_json(proposal.review), to_json(proposal.proven.proof));
  }
  return fmt::format(
      R"({{"lines":{},"finding":{},"plan":{}{},"applied":{},"branch":{},"pr_url":{},"refused":{}}})",
      log.lines, finding, plan, more, done.applied, json_quote(done.branch),
      json_quote(done.pr_url), json_quote(done.refused));
}

}  // namespace healer
