#include <cstdint>

#include "ports/http/fake.h"
#include "ports/llm/llm.h"

// The bytes are the answer of a model's endpoint.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace healer;
  for (const LlmApi api : {LlmApi::openai, LlmApi::anthropic})
    for (const int status : {200, 429}) {
      ScriptedClient http;
      http.answers.emplace_back(
          ClientResponse{.status = status, .body = std::string(data, data + size)});
      const auto model =
          make_llm_client({.url = "http://127.0.0.1/v1", .model = "m", .api = api}, http);
      static_cast<void>(
          model->complete({.pieces = {{.name = "evidence", .text = mask("it failed")}}}));
    }
  return 0;
}
