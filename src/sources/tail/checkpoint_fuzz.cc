#include <cstdint>

#include "sources/tail/tail.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = healer::Checkpoint::from_bytes(bytes);
  if (!read) return 0;
  const auto again = healer::Checkpoint::from_bytes(read->bytes());
  if (!again || again->bytes() != read->bytes()) __builtin_trap();
  return 0;
}
