#include "ports/llm/exchange.h"

#include <fmt/format.h>

#include "base/metrics.h"
#include "ports/http/send_ok.h"

namespace healer {
namespace {

constexpr std::size_t kAnswerBytesMax = 1024 * 1024;
constexpr std::size_t kRefusalBytesMax = 300;
constexpr const char* kAnthropicVersion = "2023-06-01";

}  // namespace

Result<LlmTexts> texts_of(const LlmOptions& options, const LlmRequest& request) {
  LlmTexts out{.system = instructions_of(request.pieces), .user = data_of(request.pieces)};
  const std::size_t bytes = out.system.size() + out.user.size() + request.json_schema.size();
  if (bytes > options.prompt_bytes_max) {
    Metrics::counter("llm_prompts_too_long").fetch_add(1, std::memory_order_relaxed);
    return fail(Errc::full, fmt::format("the prompt has {} bytes; the limit is {}", bytes,
                                        options.prompt_bytes_max));
  }
  if (request.tokens_max <= 0) return fail(Errc::invalid_input, "tokens_max must be positive");
  return out;
}

std::vector<std::pair<std::string, std::string>> llm_headers(LlmApi api, const std::string& key) {
  std::vector<std::pair<std::string, std::string>> out{{"Content-Type", "application/json"}};
  if (api == LlmApi::anthropic) out.emplace_back("anthropic-version", kAnthropicVersion);
  if (key.empty()) return out;
  if (api == LlmApi::anthropic)
    out.emplace_back("x-api-key", key);
  else
    out.emplace_back("Authorization", "Bearer " + key);
  return out;
}

Result<std::string> post_json(const LlmOptions& options, HttpClient& http, std::string_view path,
                              std::string body) {
  const ClientRequest post{.method = "POST",
                           .url = options.url + std::string(path),
                           .headers = llm_headers(options.api, options.key),
                           .body = std::move(body),
                           .timeout = options.timeout,
                           .response_bytes_max = kAnswerBytesMax};
  auto response = TRY(send_ok(http, post, "the model's server"));
  return std::move(response.body);
}

std::unexpected<Error> not_of_the_api(std::string_view what, const Error& error) {
  return fail(Errc::upstream,
              fmt::format("the model's server answered no {}: {}", what, error.message));
}

std::unexpected<Error> answer_refused(std::string_view why) {
  if (why.empty()) return fail(Errc::unsupported, "the model refused");
  return fail(Errc::unsupported,
              "the model refused: " + mask(why.substr(0, kRefusalBytesMax)).str());
}

std::unexpected<Error> answer_cut() {
  Metrics::counter("llm_answers_cut").fetch_add(1, std::memory_order_relaxed);
  return fail(Errc::corrupt, "the model's answer is longer than its limit of tokens");
}

std::unexpected<Error> answer_empty() { return fail(Errc::corrupt, "the model's answer is empty"); }

std::unique_ptr<LlmClient> make_llm_client(LlmOptions options, HttpClient& http) {
  if (options.api == LlmApi::anthropic)
    return std::make_unique<AnthropicMessages>(std::move(options), http);
  return std::make_unique<ChatCompletions>(std::move(options), http);
}

}  // namespace healer
