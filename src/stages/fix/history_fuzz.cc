#include "stages/fix/history.h"

#include <cstdint>

// The bytes are a settings file before and after a commit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace healer;
  const std::string text(data, data + size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  for (const char* file :
       {"a.yaml", "a.json", "a.toml", "a.ini", ".env", "a.properties", "a.txt"}) {
    const auto changes = setting_changes({.commit = "c", .time = 1, .subject = text}, file,
                                         text.substr(0, cut), text.substr(cut));
    for (const auto& change : changes)
      if (change.old_value == change.new_value && !change.old_value.empty()) __builtin_trap();
  }
  return 0;
}
