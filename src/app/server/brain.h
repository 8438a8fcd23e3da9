#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "stages/analyze/knowledge.h"
#include "stages/fix/playbook.h"
#include "types/finding.h"
#include "types/log_record.h"

namespace healer {

// Built-in knowledge with that of the folder HEALER_KNOWLEDGE, if it is set.
Result<std::unique_ptr<Knowledge>> load_rules();
// The rules with what was learnt from labelled logs: built in, or the file that HEALER_BRAIN names.
Result<std::unique_ptr<Knowledge>> load_knowledge();

// Built-in playbooks with those of the folder HEALER_PLAYBOOKS; one of the same id replaces the
// built-in one.
Result<std::vector<Playbook>> load_playbooks();

// What a whole log is about, several lines taken as one.
struct LogAnalysis {
  Analysis analysis;
  Fingerprint fingerprint = 0;
};
// The worst level that the headers of its lines name.
Level worst_level(std::string_view log);
LogAnalysis analyze_log(const Knowledge& knowledge, std::string_view log);

// One line of JSON, as `healer analyze` and POST /api/v1/analyze give it.
std::string analysis_line(const LogAnalysis& result, std::string_view id);

// The records of a batch as JSON: {"records": [...]}.
std::string records_json(const RecordBatch& batch);

}  // namespace healer
