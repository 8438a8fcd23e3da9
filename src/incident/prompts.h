#pragma once
#include <string_view>

#include "types/incident_record.h"
#include "types/policy.h"
#include "types/prompt.h"

namespace healer {

// What a model or an agent is asked about an incident. The instructions are constant; whatever
// comes from logs or the repository is masked, cut and marked as data. Pure.

// To judge the failure: the answer is to be the Analysis as JSON.
Prompt consult_prompt(const IncidentRecord& record);

// The same again, after an answer that could not be taken: with what was said and what was wrong.
Prompt repair_prompt(const IncidentRecord& record, std::string_view answer,
                     std::string_view reason);

// To remove its cause in the working tree at hand.
Prompt agent_prompt(const IncidentRecord& record, const RepositoryRules& rules);

}  // namespace healer
