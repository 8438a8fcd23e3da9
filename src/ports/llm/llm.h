#pragma once
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "ports/http/client.h"
#include "types/prompt.h"

namespace healer {

struct LlmRequest {
  Prompt pieces;
  int tokens_max = 800;
  std::string json_schema;  // not empty: the answer is to be JSON of it; the caller still checks
};

struct LlmAnswer {
  std::string text;
  std::string model;
  std::int64_t prompt_tokens = 0, answer_tokens = 0;
};

// Asks a language model. Blocks; thread-safe; no retries of its own. denied: the credentials, or
// the model refused (the message says which); full: the prompt is too long or the answer was cut
// at tokens_max; upstream and timeout may pass, with retry_after_ms where a time was named.
class LlmClient {
 public:
  virtual ~LlmClient() = default;
  virtual Result<LlmAnswer> complete(const LlmRequest& request) = 0;
};

struct LlmOptions {
  std::string url;  // base, such as http://127.0.0.1:8000/v1
  std::string model, key;
  std::size_t prompt_bytes_max = 32 * 1024;
  Millis timeout{60'000};
};

// What speaks OpenAI's chat completions: vLLM, llama.cpp, Ollama, hosted models.
class ChatCompletions final : public LlmClient {
 public:
  ChatCompletions(LlmOptions options, HttpClient& http);
  Result<LlmAnswer> complete(const LlmRequest& request) override;

 private:
  const LlmOptions options_;
  HttpClient& http_;
};

}  // namespace healer
