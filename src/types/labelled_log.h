#pragma once
#include <optional>
#include <vector>

#include "base/error.h"
#include "types/severity.h"

namespace healer {

// A log with its right answer, for training and scoring.
struct LabelledLog {
  std::string id;
  std::string log;
  std::string product;
  std::string group;   // the kind of message; training and evaluation share none
  std::string source;  // "real", "generated", or a team's own word
  Severity severity = Severity::low;
  Category category = Category::application;
};
template <>
struct FieldsOf<LabelledLog> {
  static constexpr auto table = std::tuple{
      field("id", &LabelledLog::id, "its name"),
      field("log", &LabelledLog::log, "the log, one line or several", true),
      field("product", &LabelledLog::product, "which software wrote it"),
      field("group", &LabelledLog::group, "the kind of message"),
      field("source", &LabelledLog::source, "where the row is from"),
      field("severity", &LabelledLog::severity, "how bad it is", true),
      field("category", &LabelledLog::category, "the resource that fails", true),
  };
};

// One line of JSON: the fields above, or the chat format of oumi/data with the answer's JSON as the
// assistant's content.
Result<LabelledLog> parse_labelled_log(std::string_view line);

}  // namespace healer
