#include <cstdint>

#include "repo/repo_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto model = healer::build_repo_model([&](const healer::TakeFile& take) {
    for (const char* path : {"README.md", "a.py", "a.sh", "a.yaml", "a.env", "a.env.example"})
      take(path, text);
    return healer::Result<bool>(true);
  });
  if (!model) __builtin_trap();
  for (const auto& setting : model->settings)
    if (setting.with(setting.value) != setting.setting.value) __builtin_trap();
  return 0;
}
