#include <fmt/format.h>

#include "base/metrics.h"
#include "ports/http/send_ok.h"
#include "ports/llm/chat_answer.h"
#include "ports/llm/llm.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr std::size_t kAnswerBytesMax = 1024 * 1024;

std::string body_of(const LlmOptions& options, const LlmRequest& request, std::string_view system,
                    std::string_view user) {
  std::string format;
  if (!request.json_schema.empty())
    format = fmt::format(
        R"(,"response_format":{{"type":"json_schema","json_schema":{{"name":"answer","schema":{}}}}})",
        request.json_schema);
  return fmt::format(R"({{"model":{},"max_tokens":{},"temperature":0,"messages":[)"
                     R"({{"role":"system","content":{}}},{{"role":"user","content":{}}}]{}}})",
                     json_quote(options.model), request.tokens_max, json_quote(system),
                     json_quote(user), format);
}

// `asked`: the model that was named to the server, which need not say which one answered.
Result<LlmAnswer> read_answer(const std::string& body, const std::string& asked) {
  auto read = from_json<ChatAnswer>(body);
  if (!read)
    return fail(Errc::upstream,
                "the model's server answered no chat completion: " + read.error().message);
  if (read->choices.empty()) return fail(Errc::upstream, "the model's server gave no answer");
  ChatChoice& choice = read->choices.front();
  const std::string reason = choice.finish_reason.value_or("");
  if (choice.message.refusal && !choice.message.refusal->empty())
    return fail(Errc::denied, "the model refused: " + mask(*choice.message.refusal).str());
  if (reason == "content_filter") return fail(Errc::denied, "the model's filter refused it");
  if (reason == "length") {
    Metrics::counter("llm_answers_cut").fetch_add(1, std::memory_order_relaxed);
    return fail(Errc::full, "the model's answer is longer than its limit of tokens");
  }
  if (!choice.message.content || choice.message.content->empty())
    return fail(Errc::upstream, "the model's answer is empty");
  LlmAnswer out{.text = std::move(*choice.message.content),
                .model = read->model.empty() ? asked : std::move(read->model)};
  if (read->usage) {
    out.prompt_tokens = read->usage->prompt_tokens;
    out.answer_tokens = read->usage->completion_tokens;
  }
  return out;
}

}  // namespace

ChatCompletions::ChatCompletions(LlmOptions options, HttpClient& http)
    : options_(std::move(options)), http_(http) {}

Result<LlmAnswer> ChatCompletions::complete(const LlmRequest& request) {
  const std::string system = instructions_of(request.pieces), user = data_of(request.pieces);
  const std::size_t bytes = system.size() + user.size() + request.json_schema.size();
  if (bytes > options_.prompt_bytes_max) {
    Metrics::counter("llm_prompts_too_long").fetch_add(1, std::memory_order_relaxed);
    return fail(Errc::full, fmt::format("the prompt has {} bytes; the limit is {}", bytes,
                                        options_.prompt_bytes_max));
  }
  if (request.tokens_max <= 0) return fail(Errc::invalid_input, "tokens_max must be positive");
  ClientRequest post{.method = "POST",
                     .url = options_.url + "/chat/completions",
                     .headers = {{"Content-Type", "application/json"}},
                     .body = body_of(options_, request, system, user),
                     .timeout = options_.timeout,
                     .response_bytes_max = kAnswerBytesMax};
  if (!options_.key.empty()) post.headers.emplace_back("Authorization", "Bearer " + options_.key);
  const ClientResponse response = TRY(send_ok(http_, post, "the model's server"));
  return read_answer(response.body, options_.model);
}

}  // namespace healer
