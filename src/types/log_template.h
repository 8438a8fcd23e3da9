#pragma once
#include <cstdint>
#include <string>

#include "types/template_hit.h"

namespace healer {

// A template as it is kept: one row of the store, one line of a miner's snapshot.
struct LogTemplate {
  TemplateId id = 0;
  Fingerprint fingerprint = 0;
  TemplateId alias_of = 0;  // merged into that template (follow once: never a chain); 0: its own
  std::string service;
  std::string birth_key;  // masked tokens of its first line; for a trace its type and own frame too
  std::string text;       // the template now, wildcard "<*>"
};

}  // namespace healer
