#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "ports/llm/llm.h"
#include "types/alias.h"
#include "types/finding.h"

namespace healer {

// What a model is asked to answer, and what of its answer counts. Pure.

// JSON Schema of the answer; nothing else is allowed in it.
std::string answer_schema();

// Of the answer, what the text of a log may decide; uncertain until merged(). `api`:"MODEL" is the
// brain; `names` are behind the aliases that it was shown. invalid_input: it has not the schema, or
// says nothing.
Result<Analysis> read_judgement(const LlmAnswer& answer, std::string_view api,
                                const Aliases& names);

// The answer over the embedded analysis. Which knowledge entry matched and what it captured, on
// which playbooks act, stays the embedded brain's; whether it is certain is our rule; a severity
// is lowered by one step at most.
Analysis merged(const Analysis& embedded, Analysis said, double confidence_min);

// Masked, on one line: no answer can end a commit message or a table by a newline.
std::string one_line(std::string_view text, std::size_t bytes_max);

}  // namespace healer
