#include <sstream>

#include "stages/ingest/ingest.h"
#include "stages/mine/mine_file.h"
#include "stages/mine/miner.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(data, data + size);
  std::istringstream in(text);
  std::ostringstream out;
  (void)healer::mine_file(in, out, healer::MineInput::raw);
  healer::StreamState state;
  const auto batch = healer::ingest(state, {.bytes = text, .is_final = true}, 1);
  healer::TemplateIds ids, later;
  healer::Miner miner(ids, {.templates_per_service_max = 8}), restored(later);
  miner.add(batch);
  restored.restore(miner.snapshot());
  restored.add(batch);
  return 0;
}
