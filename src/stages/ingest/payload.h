#pragma once
#include <string>

#include "types/fields.h"

namespace healer {

enum class PayloadFormat { automatic, text, json, ndjson, alertmanager };
template <>
struct NamesOf<PayloadFormat> {
  static constexpr std::array<std::string_view, 5> names{"automatic", "text", "json", "ndjson",
                                                         "alertmanager"};
};

// Bytes as a source or a route got them, with what it knows about them.
struct RawPayload {
  std::string bytes;
  PayloadFormat format = PayloadFormat::automatic;
  std::string source;     // file path, webhook key, "alertmanager", …
  std::string host;       // where the line does not say
  std::string service;    // hint; a record of known service keeps its own
  bool is_final = false;  // nothing follows that could continue its last event
};

}  // namespace healer
