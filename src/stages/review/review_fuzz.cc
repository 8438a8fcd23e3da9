#include "stages/review/review.h"

#include <cstdint>

// The bytes are a file before and after a change.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace healer;
  const std::string text(data, data + size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  for (const char* path : {"app.yaml", "tests/a_test.py", "package.json", "Dockerfile"}) {
    FileChange change;
    change.path = path;
    change.before = text.substr(0, cut);
    change.after = text.substr(cut);
    Patch patch;
    patch.files.push_back(std::move(change));
    ReviewPolicy policy;
    policy.guarded = {text.substr(0, cut)};
    const Review said = review(patch, policy, "head");
    if (said.verdict != Verdict::approved && said.reasons.empty()) __builtin_trap();
  }
  return 0;
}
