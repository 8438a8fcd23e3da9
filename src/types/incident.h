#pragma once
#include <optional>
#include <string>
#include <vector>

#include "types/finding.h"

namespace healer {

// Only incident/transitions.cc compares these; others ask is_done() and can().
enum class IncidentStatus {
  detected,
  analyzed,
  logged,
  notified,
  awaiting_approval,
  queued,
  fixing,
  proving,
  pr_open,
  in_review,
  changes_requested,
  approved,
  merged,
  deploying,
  verifying,
  healed,
  recurred,
  unknown,
  failed,
  needs_review,
  declined,
  resolved,
  dismissed,
  reverted
};
template <>
struct NamesOf<IncidentStatus> {
  static constexpr std::array<std::string_view, 24> names{
      "detected", "analyzed",     "logged",    "notified",  "awaiting_approval", "queued",
      "fixing",   "proving",      "pr_open",   "in_review", "changes_requested", "approved",
      "merged",   "deploying",    "verifying", "healed",    "recurred",          "unknown",
      "failed",   "needs_review", "declined",  "resolved",  "dismissed",         "reverted"};
};

struct TimelineEntry {
  IncidentStatus status = IncidentStatus::detected;
  UtcTime at;
  std::string detail;  // why, in a sentence
  std::string actor;   // "healer" or the person who acted
};
template <>
struct FieldsOf<TimelineEntry> {
  static constexpr auto table = std::tuple{
      field("status", &TimelineEntry::status, "status entered"),
      field("at", &TimelineEntry::at, "when"),
      field("detail", &TimelineEntry::detail, "why, in a sentence"),
      field("actor", &TimelineEntry::actor, "healer, or the person who acted"),
  };
};

// What everybody sees of an incident; the engine's own bookkeeping lives in
// incident/incident_state.h.
struct Incident {
  std::string id;
  IncidentStatus status = IncidentStatus::detected;
  bool done = false;
  Severity severity = Severity::low;
  Category category = Category::application;
  std::string service;
  std::string environment;
  std::string summary;
  std::string suggested_fix;
  std::string affected_file;
  double confidence = 0;
  bool uncertain = false;
  std::string brain;
  std::string fingerprint;  // hex16
  std::string template_text;
  std::int64_t count = 0;
  UtcTime first_seen, last_seen, created;
  std::string repository;
  std::string branch;
  std::string pr_url;
  std::string head_sha;
  std::string merge_sha;
  std::string deployed_sha;  // the first deployed commit that contains the merge
  UtcTime deployed_at;
  std::string plan;  // what would be or was changed, in a sentence
  std::string plan_hash;
  std::string asks_for;  // what an approval must name now: plan hash or head sha; empty: none
  std::string diff;      // unified, masked
  std::string proof;     // reproduced, no_regression, broken_before, syntax, none
  std::string because;   // why it is where it is
  std::string parent;    // id of the storm's or the earlier incident it belongs to
  std::string assignee, note;
  std::vector<std::string> labels;
  std::vector<Evidence> evidence;
  std::vector<TimelineEntry> timeline;
};
template <>
struct FieldsOf<Incident> {
  static constexpr auto table = std::tuple{
      field("id", &Incident::id, "time-ordered id"),
      field("status", &Incident::status, "where it is in its life"),
      field("done", &Incident::done, "true in an end state"),
      field("severity", &Incident::severity, "how bad it is"),
      field("category", &Incident::category, "the resource that failed"),
      field("service", &Incident::service, "service of healer.yaml, empty if none claims it"),
      field("environment", &Incident::environment, "production, staging, …"),
      field("summary", &Incident::summary, "one sentence"),
      field("suggested_fix", &Incident::suggested_fix, "what the brain would do"),
      field("affected_file", &Incident::affected_file, "likely or changed file"),
      field("confidence", &Incident::confidence, "0 to 1"),
      field("uncertain", &Incident::uncertain, "the brain was not sure; never fixed alone"),
      field("brain", &Incident::brain, "which brain analysed it"),
      field("fingerprint", &Incident::fingerprint,
            "16 hex digits that tell this failure from others"),
      field("template_text", &Incident::template_text, "the mined template"),
      field("count", &Incident::count, "records so far"),
      field("first_seen", &Incident::first_seen, "first record"),
      field("last_seen", &Incident::last_seen, "last record"),
      field("created", &Incident::created, "when the incident was opened"),
      field("repository", &Incident::repository, "repository of the fix"),
      field("branch", &Incident::branch, "branch of the fix"),
      field("pr_url", &Incident::pr_url, "pull request"),
      field("head_sha", &Incident::head_sha, "head commit of the pull request"),
      field("merge_sha", &Incident::merge_sha, "merge commit"),
      field("deployed_sha", &Incident::deployed_sha, "first deployed commit that contains it"),
      field("deployed_at", &Incident::deployed_at, "when that was deployed"),
      field("plan", &Incident::plan, "what is changed, in a sentence"),
      field("plan_hash", &Incident::plan_hash, "names the plan in an approval"),
      field("asks_for", &Incident::asks_for,
            "what an approval must name now; empty: none is asked"),
      field("diff", &Incident::diff, "unified diff, secrets masked"),
      field("proof", &Incident::proof, "kind of proof"),
      field("because", &Incident::because, "why it is in this status"),
      field("parent", &Incident::parent, "parent or earlier incident"),
      field("assignee", &Incident::assignee, "person"),
      field("note", &Incident::note, "free text of a person"),
      field("labels", &Incident::labels, "free labels"),
      field("evidence", &Incident::evidence, "log lines, secrets masked"),
      field("timeline", &Incident::timeline, "every status it entered"),
  };
};

}  // namespace healer
