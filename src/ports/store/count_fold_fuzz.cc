#include <cstddef>
#include <cstdint>

#include "ports/store/count_fold.h"
#include "ports/store/page_cursor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  healer::CountFold fold(healer::Millis(10'000));
  if (fold.decode(bytes)) {
    healer::CountFold again(healer::Millis(10'000));
    if (!again.decode(fold.encode()) || again.sums() != fold.sums()) __builtin_trap();
  }
  if (auto cursor = healer::parse_cursor(bytes)) {
    if (!healer::parse_cursor(format_cursor(*cursor))) __builtin_trap();
  }
  return 0;
}
