#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stages/fix/playbook.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto playbooks = healer::parse_playbooks(text, "fuzz"))
    for (const auto& playbook : *playbooks)
      if (playbook.id.empty() || !playbook.regexes) __builtin_trap();
  return 0;
}
