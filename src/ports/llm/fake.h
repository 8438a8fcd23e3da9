#pragma once
#include <deque>
#include <mutex>
#include <vector>

#include "ports/llm/llm.h"

namespace healer {

// Answers from a script, in order, and remembers what it was asked. Past the script: upstream.
class ScriptedLlm final : public LlmClient {
 public:
  std::deque<Result<LlmAnswer>> answers;
  std::vector<LlmRequest> asked;

  Result<LlmAnswer> complete(const LlmRequest& request) override {
    std::lock_guard lock(mutex_);
    asked.push_back(request);
    if (answers.empty()) return fail(Errc::upstream, "the script is over");
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

 private:
  std::mutex mutex_;
};

}  // namespace healer
