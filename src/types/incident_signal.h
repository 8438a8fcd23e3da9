#pragma once
#include <string>

#include "types/fields.h"

namespace healer {

// A message to the workflow of an incident; made by commands.cc and the pipeline, read by
// flow_events.cc.
enum class SignalKind { seen, alert, deploy, fix, approve, dismiss, retry, revert, edit, report };
template <>
struct NamesOf<SignalKind> {
  static constexpr std::array<std::string_view, 10> names{
      "seen", "alert", "deploy", "fix", "approve", "dismiss", "retry", "revert", "edit", "report"};
};

struct IncidentSignal {
  SignalKind kind = SignalKind::seen;
  std::string actor;  // person, token name or "healer"
  std::string why;
  std::string subject;  // approve: plan hash or head sha; deploy: commit
  UtcTime at;           // seen: arrival of the newest record
  UtcTime written;      // seen: the time that record claims
  bool firing = false;  // alert: its state now
  std::string assignee, note, severity,
      labels;  // edit: empty means unchanged; labels joined by commas
};
template <>
struct FieldsOf<IncidentSignal> {
  using S = IncidentSignal;
  static constexpr auto table = std::tuple{
      field("kind", &S::kind, "what happened", true),
      field("actor", &S::actor, "who"),
      field("why", &S::why, "why"),
      field("subject", &S::subject, "plan hash, head sha or commit"),
      field("at", &S::at, "when"),
      field("written", &S::written, "time that the newest record claims"),
      field("firing", &S::firing, "alert state"),
      field("assignee", &S::assignee, "person"),
      field("note", &S::note, "text"),
      field("severity", &S::severity, "corrected severity"),
      field("labels", &S::labels, "labels"),
  };
};

}  // namespace healer
