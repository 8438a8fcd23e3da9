#include "incident/describe.h"

#include <fmt/format.h>

#include <algorithm>

namespace healer {
namespace {

constexpr std::size_t kEvidenceShown = 5;
constexpr std::size_t kEditsShown = 40;
constexpr std::size_t kOutputShownBytes = 4000;

// A fence longer than any run of backticks in `text`, so that quoted text cannot close it.
std::string fenced(std::string_view text, std::string_view language) {
  std::size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
  return fmt::format("{}{}\n{}{}{}\n", fence, language, text, text.ends_with('\n') ? "" : "\n",
                     fence);
}

std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  return fmt::format("[first {} bytes left out]\n{}", text.size() - bytes_max,
                     text.substr(text.size() - bytes_max));
}

std::string_view proof_sentence(ProofKind kind) {
  switch (kind) {
    case ProofKind::reproduced:
      return "**Reproduced**: the check fails without this change and passes with it.";
    case ProofKind::no_regression:
      return "**No regression**: the check passes with and without this change; it does not show "
             "the failure.";
    case ProofKind::broken_before:
      return "**Broken before**: the check fails with and without this change.";
    case ProofKind::syntax:
      return "**Unproven**: the repository declares no check; every touched file still parses.";
    case ProofKind::none: return "**Unproven**: nothing could be run.";
  }
  return "";
}

std::string cell(std::string text) {
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c == '|' ? '/' : c == '`' ? '\'' : c;
  return text.empty() ? std::string("(none)") : "`" + text + "`";
}

std::string line_count(std::string_view text) {
  const auto lines =
      std::ranges::count(text, '\n') + (text.empty() || text.ends_with('\n') ? 0 : 1);
  return lines == 0 ? "(none)" : fmt::format("{} line{}", lines, lines == 1 ? "" : "s");
}

// What of it, before and after. Whole lines are counted: the diff beside the text shows them.
std::string change_cells(const SettingEdit& edit) {
  switch (edit.op) {
    case EditOp::replace_lines:
      return fmt::format("lines | {} | {}", line_count(edit.old_value), line_count(edit.new_value));
    case EditOp::create_file:
      return fmt::format("new file | (none) | {}", line_count(edit.new_value));
    case EditOp::delete_file: return "the file | there | (none)";
    default: break;
  }
  return fmt::format("{} | {} | {}", cell(edit.path), cell(edit.old_value), cell(edit.new_value));
}

std::string change_table(const Plan& plan) {
  std::string out = "| file | setting | before | after |\n| --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < std::min(kEditsShown, plan.edits.size()); ++i) {
    const SettingEdit& edit = plan.edits[i];
    out += fmt::format("| {}{} | {} |\n", cell(edit.file),
                       edit.line > 0 ? fmt::format(" line {}", edit.line) : "", change_cells(edit));
  }
  if (plan.edits.size() > kEditsShown)
    out += fmt::format("\nand {} more\n", plan.edits.size() - kEditsShown);
  return out;
}

std::string evidence_lines(const Incident& incident) {
  std::string out;
  for (std::size_t i = 0; i < std::min(kEvidenceShown, incident.evidence.size()); ++i)
    out += incident.evidence[i].text + "\n";
  return out;
}

std::string proof_section(const Proof& proof) {
  std::string out = fmt::format("### Proof\n{} {}\n", proof_sentence(proof.kind), proof.detail);
  if (!proof.output_before.empty())
    out += fmt::format("\nWithout the change (exit {}):\n\n{}", proof.exit_before,
                       fenced(cut(proof.output_before, kOutputShownBytes), "text"));
  if (!proof.output_after.empty())
    out += fmt::format("\nWith the change (exit {}):\n\n{}", proof.exit_after,
                       fenced(cut(proof.output_after, kOutputShownBytes), "text"));
  return out;
}

}  // namespace

std::string branch_name(const IncidentRecord& record) { return "healer/" + record.incident.id; }

std::string commit_message(const IncidentRecord& record) {
  const auto& incident = record.incident;
  return fmt::format(
      "{}\n\n{}\n\n{}\n\nHealer-Incident: {}\nSigned-off-by: healer <healer@localhost>\n",
      record.plan.title, mask(record.plan.reason).str(), mask(incident.summary).str(), incident.id);
}

MaskedText pull_request_body(const IncidentRecord& record) {
  const auto& incident = record.incident;
  std::string out =
      fmt::format("### What happened\n{} ({}, {}). Seen {} times since {}.\n\n", incident.summary,
                  to_string(incident.severity), to_string(incident.category), incident.count,
                  format_utc(incident.first_seen));
  if (!incident.evidence.empty())
    out += "Evidence (log text, quoted as data):\n\n" + fenced(evidence_lines(incident), "text") +
           "\n";
  out += fmt::format("### The change\n{}\n\n{}\n", record.plan.reason, change_table(record.plan));
  out += proof_section(record.proof);
  out += fmt::format("\n### Risk\n{}\n\n### Roll-back\n{}\n\n", record.plan.risk,
                     record.plan.rollback);
  out += fmt::format(
      "<!-- healer: "
      "{{\"incident\":\"{}\",\"fingerprint\":\"{}\",\"playbook\":\"{}\",\"plan\":\"{}\",\"proof\":"
      "\"{}\"}} -->\n",
      incident.id, incident.fingerprint, record.plan.playbook, incident.plan_hash,
      to_string(record.proof.kind));
  return mask(out);
}

std::string headline(const Incident& incident) {
  return fmt::format("[{}] {}: {} ({})", to_string(incident.severity),
                     incident.service.empty() ? "unknown service" : incident.service,
                     incident.summary, to_string(incident.status));
}

}  // namespace healer
