#include "stages/ingest/ingest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string body(data, data + size);
  healer::RecordBatch batch;
  if (const auto alerts = healer::parse_alerts(body, 1'767'225'600'000))
    for (const auto& alert : *alerts) healer::append_alert(batch, alert, "fuzz", 1);
  return 0;
}
