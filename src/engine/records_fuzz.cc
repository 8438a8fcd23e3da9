#include <cstddef>
#include <cstdint>

#include "engine/event_key.h"
#include "engine/records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto entry = healer::decode_journal(1, bytes); entry && encode(*entry) != bytes) {
    __builtin_trap();
  }
  if (auto envelope = healer::decode_envelope(bytes); envelope && encode(*envelope) != bytes) {
    __builtin_trap();
  }
  static_cast<void>(healer::parse_event_key(bytes));
  return 0;
}
