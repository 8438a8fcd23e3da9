#include "stages/ingest/ingest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(data, data + size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  healer::StreamState state;
  const healer::IngestLimits bounds{.line_bytes_max = 256, .event_bytes_max = 1024};
  healer::ingest(state, {.bytes = text.substr(0, cut)}, 1'767'225'600'000, bounds);
  healer::ingest(state, {.bytes = text.substr(cut), .is_final = true}, 1'767'225'600'000, bounds);
  (void)healer::classify_body(text, healer::PayloadFormat::automatic);
  return 0;
}
