#include "stages/ingest/ingest.h"
#include "stages/ingest/slices.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(data, data + size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  healer::StreamState state;
  const healer::IngestLimits bounds{.line_bytes_max = 256, .event_bytes_max = 1024};
  healer::ingest(state, {.bytes = text.substr(0, cut)}, 1'767'225'600'000, bounds);
  healer::ingest(state, {.bytes = text.substr(cut), .is_final = true}, 1'767'225'600'000, bounds);
  const auto format = healer::classify_body(text, healer::PayloadFormat::automatic);
  healer::StreamState sliced;
  healer::PayloadSlices slices(
      {.bytes = text, .format = format.value_or(healer::PayloadFormat::json), .is_final = true},
      16);
  while (auto slice = slices.next())
    healer::ingest(sliced, std::move(*slice), 1'767'225'600'000, bounds);
  return 0;
}
