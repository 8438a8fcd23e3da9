#pragma once
#include <string>

#include "types/consultation.h"
#include "types/incident.h"
#include "types/patch.h"
#include "types/review.h"

namespace healer {

// Everything the workflow of one incident remembers between steps: what people see, and the
// bookkeeping. Stored as JSON in the engine's state; readers ignore members they do not know, so
// that a newer release reads an older row.
struct IncidentRecord {
  Incident incident;
  Analysis analysis;
  std::string consulted;  // what came of asking a model; empty: none was asked
  Consulting consulting;  // how far that has come
  int agent_attempt = 0;  // the attempt, from 1, that an agent's plan was made in; 0: none was
  std::string source;
  std::string version;  // that logged the symptom
  bool process_death = false;
  bool alert = false;  // comes from an alerting system
  bool alert_firing = false;
  UtcTime alert_changed_at;
  UtcTime newest_record;  // arrival of the newest record
  UtcTime record_time;    // what that record says of its own time
  std::string request;    // none, api or command_line: who wants the fix
  std::string approved;   // plan hash or head sha that a person approved
  std::string approved_by;
  UtcTime approved_at;
  UtcTime asked_at;             // when that was asked for; claims of others do not move it
  std::string behind;           // the incident whose change this one waits for; empty: none
  int reminders = 0;            // contacts asked about a waiting approval
  bool holds_settings = false;  // the ledger says that it changes these settings
  int attempts = 0;
  int rebases = 0;
  bool rebasing = false;  // the change is on its way to an open pull request on a newer base
  std::string base_branch, base_sha;
  UtcTime commit_at;  // date of the commit, so that its hash repeats on replay
  Plan plan;
  Proof proof;
  Review review;
  std::int64_t pr_number = 0;
  bool pull_open = false;  // as far as healer knows
  std::string pushed_sha;  // where healer left its branch
  UtcTime merged_at;
  std::int64_t onset_ms =
      0;  // from the deploy of the broken version to its first error; 0: unknown
  std::int64_t former_gap_ms = 0;
  double former_normal_per_minute = 0;
  std::int64_t verify_min_ms = 0;  // of .healer.yml
  std::string revert_url, revert_sha;
};
template <>
struct FieldsOf<IncidentRecord> {
  using R = IncidentRecord;
  static constexpr auto table = std::tuple{
      field("incident", &R::incident, "what people see", true),
      field("analysis", &R::analysis, "what the brain said", true),
      field("consulted", &R::consulted, "what came of asking a model"),
      field("consulting", &R::consulting, "how far that has come"),
      field("agent_attempt", &R::agent_attempt, "attempt that an agent's plan was made in"),
      field("source", &R::source, "where the first record came from"),
      field("version", &R::version, "version that logged the symptom"),
      field("process_death", &R::process_death, "a process was killed or crashed"),
      field("alert", &R::alert, "from an alerting system"),
      field("alert_firing", &R::alert_firing, "its alert fires now"),
      field("alert_changed_at", &R::alert_changed_at, "since when"),
      field("newest_record", &R::newest_record, "arrival of the newest record"),
      field("record_time", &R::record_time, "time that record claims"),
      field("request", &R::request, "who wants the fix"),
      field("approved", &R::approved, "plan hash or head sha approved"),
      field("approved_by", &R::approved_by, "by whom"),
      field("approved_at", &R::approved_at, "when"),
      field("asked_at", &R::asked_at, "when a person was asked"),
      field("behind", &R::behind, "incident whose change it waits for"),
      field("reminders", &R::reminders, "contacts asked"),
      field("holds_settings", &R::holds_settings,
            "the ledger says that it changes its plan's settings"),
      field("attempts", &R::attempts, "fixes that ended"),
      field("rebases", &R::rebases, "times the base moved"),
      field("rebasing", &R::rebasing, "on its way onto a newer base"),
      field("base_branch", &R::base_branch, "branch the fix goes to"),
      field("base_sha", &R::base_sha, "commit the fix is made on"),
      field("commit_at", &R::commit_at, "date of the commit"),
      field("plan", &R::plan, "the plan"),
      field("proof", &R::proof, "the proof"),
      field("review", &R::review, "the built-in review"),
      field("pr_number", &R::pr_number, "pull request number"),
      field("pull_open", &R::pull_open, "it is open, as far as healer knows"),
      field("pushed_sha", &R::pushed_sha, "where healer left its branch"),
      field("merged_at", &R::merged_at, "when merged"),
      field("onset_ms", &R::onset_ms, "deploy of the broken version to its first error"),
      field("former_gap_ms", &R::former_gap_ms, "mean gap of the symptom before"),
      field("former_normal_per_minute", &R::former_normal_per_minute,
            "usual rate of other records"),
      field("verify_min_ms", &R::verify_min_ms, "watch at least this long"),
      field("revert_url", &R::revert_url, "pull request of the revert"),
      field("revert_sha", &R::revert_sha, "its merge; empty: not merged by healer"),
  };
};

}  // namespace healer
