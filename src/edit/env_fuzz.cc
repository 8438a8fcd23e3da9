#include "edit/fuzz_edit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return healer::fuzz_edit(healer::Format::env, data, size);
}
