#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "ports/orchestrator/orchestrator.h"
#include "ports/store/incidents.h"
#include "ports/store/journal.h"
#include "ports/store/signals.h"
#include "types/deploy.h"
#include "types/incident_record.h"
#include "types/incident_signal.h"

namespace healer {

// What people, flows and the pipeline ask of incidents; every act is durable before `done` runs,
// and `done` runs once. Reads block for a moment: not for the socket thread. Thread-safe.
class IncidentCommands {
 public:
  IncidentCommands(Orchestrator& orchestrator, Journal& journal, IncidentReader& incidents,
                   LookupReader& lookup, const Clock& clock)
      : orchestrator_(orchestrator),
        journal_(journal),
        incidents_(incidents),
        lookup_(lookup),
        clock_(clock) {}

  // A new incident and the operations that belong to it; whoever opens it hands it over with them.
  static Handover opening(const IncidentRecord& record, WriteBatch& also);

  // Hands the signal to the incident's workflow. One that has ended is begun anew where the act
  // allows it (retry, fix, revert); an edit or a claim changes its row only. not_found: no such
  // incident; conflict: the act does not fit its status, the message says why.
  void act(const std::string& id, IncidentSignal signal, DurableDone done);

  // Shows the incident in lists no more, or again. It lives on.
  void hide(const std::string& id, bool hidden, DurableDone done);

  // Remembers the deploy and tells the incidents of its service that wait for one.
  void deployed(const Deploy& deploy, DurableDone done);

  // No fix and no notification for a fingerprint (16 hex digits) or service until then.
  void silence(const std::string& fingerprint_or_service, UnixMs until, DurableDone done);

  // A person's word on an analysis, kept for training: {"verdict", "severity"?, "category"?, …}.
  void feedback(const std::string& id, const std::string& json, DurableDone done);

  // Everything known of an incident. not_found.
  Result<IncidentRecord> record(const std::string& id) const;

 private:
  Result<std::string> workflow_of(const std::string& id) const;
  Result<IncidentRow> row_of(const std::string& id) const;
  Result<void> fits(const Incident& incident, const IncidentSignal& signal) const;
  void begin_anew(const std::string& id, const IncidentSignal& signal, DurableDone done);
  void change_row(IncidentRow row, const IncidentSignal& signal, DurableDone done);

  Orchestrator& orchestrator_;
  Journal& journal_;
  IncidentReader& incidents_;
  LookupReader& lookup_;
  const Clock& clock_;
};

// The act of a person or flow on what everybody sees of an incident: labels, note, assignee,
// severity, or a claim in its timeline.
void apply_edit(Incident& incident, const IncidentSignal& signal, UnixMs now);

}  // namespace healer
