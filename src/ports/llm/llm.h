#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "ports/http/client.h"
#include "types/fields.h"
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
  std::int64_t prompt_tokens = 0, answer_tokens = 0;  // 0: the server did not say
};

// Asks a language model. Blocks; thread-safe; no retries of its own. denied: the credentials;
// unsupported: the model refused; full: the prompt is too long; corrupt: the answer is empty or was
// cut at tokens_max; upstream and timeout may pass, with retry_after_ms where a time was named.
class LlmClient {
 public:
  virtual ~LlmClient() = default;
  virtual Result<LlmAnswer> complete(const LlmRequest& request) = 0;
};

// Whose HTTP API a server speaks.
enum class LlmApi { openai, anthropic };
template <>
struct NamesOf<LlmApi> {
  static constexpr std::array<std::string_view, 2> names{"openai", "anthropic"};
};

// How a server of OpenAI's API is asked for JSON of a schema: response_format of type json_schema
// (OpenAI, vLLM, llama-server, Ollama), of type json_object with a schema (llama-cpp-python), or
// not at all.
enum class SchemaDialect { json_schema, json_object, none };
template <>
struct NamesOf<SchemaDialect> {
  static constexpr std::array<std::string_view, 3> names{"json_schema", "json_object", "none"};
};

struct LlmOptions {
  std::string url;  // base, such as http://127.0.0.1:8000/v1
  std::string model, key;
  LlmApi api = LlmApi::openai;
  SchemaDialect schema = SchemaDialect::json_schema;
  std::size_t prompt_bytes_max = 32 * 1024;
  Millis timeout{60'000};
};

// What speaks the API that the options name.
std::unique_ptr<LlmClient> make_llm_client(LlmOptions options, HttpClient& http);

// The headers of a request to such a server, credentials with them.
std::vector<std::pair<std::string, std::string>> llm_headers(LlmApi api, const std::string& key);

// What speaks OpenAI's chat completions: vLLM, llama.cpp, Ollama, hosted models.
class ChatCompletions final : public LlmClient {
 public:
  ChatCompletions(LlmOptions options, HttpClient& http);
  Result<LlmAnswer> complete(const LlmRequest& request) override;

 private:
  const LlmOptions options_;
  HttpClient& http_;
};

// What speaks Anthropic's Messages. A schema is that of a tool which the model must call.
class AnthropicMessages final : public LlmClient {
 public:
  AnthropicMessages(LlmOptions options, HttpClient& http);
  Result<LlmAnswer> complete(const LlmRequest& request) override;

 private:
  const LlmOptions options_;
  HttpClient& http_;
};

}  // namespace healer
