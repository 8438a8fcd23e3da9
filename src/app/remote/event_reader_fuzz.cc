#include <cstdint>

#include "app/remote/running_server.h"

// The bytes come in two pieces; what is read does not depend on where they were cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = [&](std::size_t cut) {
    std::string out;
    healer::EventReader reader(
        [&](std::string_view id, std::string_view type, std::string_view text) {
          out.append(id).append(1, '|').append(type).append(1, '|').append(text).append(1, '\n');
          return true;
        });
    if (reader.take(bytes.substr(0, cut))) reader.take(bytes.substr(cut));
    return out;
  };
  if (read(size) != read(size == 0 ? 0 : data[0] % size)) __builtin_trap();
  return 0;
}
