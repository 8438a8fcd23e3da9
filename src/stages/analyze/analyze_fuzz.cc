#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stages/analyze/analyze.h"

// The bytes are a log, and a knowledge file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace healer;
  static const auto knowledge = [] {
    KnowledgeEntry entry;
    entry.id = "generic.disk_full";
    entry.pattern = "(?i)no space left on device: (?P<path>/.{1,60})";
    entry.summary = "{path} is full {";
    Lexicon lexicon;
    lexicon.failing = {"error"};
    lexicon.over = {"resolved"};
    return Knowledge::make({entry}, lexicon);
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto level = size == 0 ? Level::unknown : static_cast<Level>(data[0] % 8);
  const Analysis out = analyze_text(**knowledge, text, level);
  if (out.confidence < 0 || out.confidence > 1) __builtin_trap();
  if (const auto entries = parse_knowledge(text, "fuzz"))
    for (const auto& entry : *entries)
      if (entry.id.empty() || entry.pattern.empty()) __builtin_trap();
  return 0;
}
