#pragma once
#include <map>
#include <string>
#include <string_view>

#include "types/patch.h"

namespace healer {

// What one run of a repository's check did.
struct CheckRun {
  bool passed = false;  // exit code 0 in time
  int exit_code = 0;    // 128 + signal where it was killed
  bool timed_out = false;
  std::string output;  // both streams, masked and cut by the caller
};

// Named results of a check that speaks TAP: "ok 1 - name" and "not ok 2 - name" lines. Others have
// none.
std::map<std::string, bool> named_results(std::string_view output);

// Types the proof from the run on the broken tree and the one on the fixed tree. With named
// results, a check that still fails for other reasons can prove a fix: something that failed
// passes, and nothing that passed fails. `regression` in the answer: the change broke what worked.
// Pure.
struct Judgement {
  ProofKind kind = ProofKind::none;
  bool regression = false;
  std::string detail;
};
Judgement judge(const CheckRun& before, const CheckRun& after);

}  // namespace healer
