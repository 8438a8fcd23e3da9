#pragma once
#include <string>

#include "types/incident_record.h"
#include "types/mask.h"

namespace healer {

// Texts for people, made from a record alone. All of them quote logs as data (fenced, masked, cut).

// "shop: raise pool.size from 2 to 20" plus a body that names incident and evidence; ends with the
// trailer lines "Healer-Incident: ID" and "Signed-off-by: …". Depends on the record only, so the
// hash repeats.
std::string commit_message(const IncidentRecord& record);

// Markdown: what happened, the change, evidence, proof with output before and after, risk,
// roll-back, and a machine-readable trailer.
MaskedText pull_request_body(const IncidentRecord& record);

// The branch of an incident: "healer/<incident id>".
std::string branch_name(const IncidentRecord& record);

// One line for a notification: severity, service, status, summary.
std::string headline(const Incident& incident);

}  // namespace healer
