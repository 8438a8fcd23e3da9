#include <cstdint>

#include "ports/forge/pulls_file.h"
#include "types/json_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  healer::fuzz_json<healer::PullsFile>({reinterpret_cast<const char*>(data), size});
  return 0;
}
