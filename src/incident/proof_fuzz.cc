#include "incident/proof.h"

#include <cstdint>

// The bytes are what a repository's check printed before and after a change.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace healer;
  const std::string text(data, data + size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  const CheckRun before{.passed = false, .exit_code = 1, .output = text.substr(0, cut)};
  const CheckRun after{
      .passed = size % 2 == 0, .exit_code = size % 2 == 0 ? 0 : 1, .output = text.substr(cut)};
  const Judgement judged = judge(before, after);
  if (judged.regression && judged.kind == ProofKind::reproduced) __builtin_trap();
  return 0;
}
