#pragma once
#include <map>
#include <string>
#include <vector>

#include "types/severity.h"
#include "types/template_hit.h"

namespace healer {

// What a brain says about a log. The six documented members come first.
struct Analysis {
  Severity severity = Severity::low;
  Category category = Category::application;
  std::string summary;
  std::string suggested_fix;
  std::string affected_file;
  double confidence = 0;  // 0 to 1
  bool uncertain = true;  // confidence under the threshold: never fixed by the server
  std::string brain;      // "embedded", "openai:<model>", …
  std::string knowledge;  // id of the knowledge entry that matched; empty if none
  std::map<std::string, std::string> parameters;  // captured by that entry
};
template <>
struct FieldsOf<Analysis> {
  static constexpr auto table = std::tuple{
      field("severity", &Analysis::severity, "how bad it is", true),
      field("category", &Analysis::category, "the resource whose failure the text is about", true),
      field("summary", &Analysis::summary, "one sentence for a person", true),
      field("suggested_fix", &Analysis::suggested_fix, "what to do"),
      field("affected_file", &Analysis::affected_file, "likely file, empty if unknown"),
      field("confidence", &Analysis::confidence, "0 to 1"),
      field("uncertain", &Analysis::uncertain, "confidence is under the threshold"),
      field("brain", &Analysis::brain, "which brain said so"),
      field("knowledge", &Analysis::knowledge, "knowledge entry that matched"),
      field("parameters", &Analysis::parameters, "values captured from the log"),
  };
};

// One log line kept with an incident; masked before it gets here.
struct Evidence {
  UtcTime time;
  std::string source;
  std::string host;
  std::string text;
};
template <>
struct FieldsOf<Evidence> {
  static constexpr auto table = std::tuple{
      field("time", &Evidence::time, "when the line was written"),
      field("source", &Evidence::source, "where it came from"),
      field("host", &Evidence::host, "host or instance"),
      field("text", &Evidence::text, "the line, secrets masked", true),
  };
};

// A failure that matters: the only bridge from the signal plane to the incident plane.
struct Finding {
  Fingerprint fingerprint = 0;
  TemplateId template_id = 0;
  std::string template_text;
  std::string service;
  std::string source;
  std::string version;
  Analysis analysis;
  std::vector<Evidence> evidence;
  std::uint64_t count = 1;  // records of this batch
  UnixMs first_seen = 0;
  UnixMs last_seen = 0;
  bool novel = false;           // never seen before
  bool burst = false;           // rate far above its usual one
  bool process_death = false;   // the text says a process was killed or crashed
  bool alert_firing = false;    // came from an alerting system, firing
  bool alert_resolved = false;  // the alerting system says it is over
};

}  // namespace healer
