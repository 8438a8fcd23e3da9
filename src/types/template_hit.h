#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/log_record.h"

namespace healer {

using TemplateId = std::uint64_t;   // assigned once, committed with its first count
using Fingerprint = std::uint64_t;  // hash64(service, birth key); never changes, hex16() in JSON

// All records of one template, service, host and version in one batch.
struct TemplateHit {
  TemplateId template_id = 0;
  Fingerprint fingerprint = 0;
  bool is_new = false;  // first seen in this batch
  std::string text;     // the template now, wildcard "<*>"
  std::uint32_t count = 0;
  std::size_t sample = 0;             // index of the first of them in the batch
  const LogRecord* record = nullptr;  // that record; lives as long as the batch
};

}  // namespace healer
