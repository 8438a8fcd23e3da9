#include <fmt/format.h>

#include "ports/llm/chat_answer.h"
#include "ports/llm/exchange.h"
#include "types/json.h"

namespace healer {
namespace {

std::string format_of(SchemaDialect dialect, const std::string& schema) {
  if (schema.empty()) return {};
  switch (dialect) {
    case SchemaDialect::json_schema:
      return fmt::format(
          R"(,"response_format":{{"type":"json_schema","json_schema":{{"name":"answer","schema":{}}}}})",
          schema);
    case SchemaDialect::json_object:
      return fmt::format(R"(,"response_format":{{"type":"json_object","schema":{}}})", schema);
    case SchemaDialect::none: break;
  }
  return {};
}

// `asked`: the model that was named to the server, which need not say which one answered.
Result<LlmAnswer> read_answer(const std::string& body, const std::string& asked) {
  auto read = from_json<ChatAnswer>(body);
  if (!read) return not_of_the_api("chat completion", read.error());
  if (read->choices.empty()) return answer_empty();
  ChatChoice& choice = read->choices.front();
  const std::string reason = choice.finish_reason.value_or("");
  if (choice.message.refusal && !choice.message.refusal->empty())
    return answer_refused(*choice.message.refusal);
  if (reason == "content_filter") return answer_refused("its filter");
  if (reason == "length") return answer_cut();
  if (!choice.message.content || choice.message.content->empty()) return answer_empty();
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
  const LlmTexts texts = TRY(texts_of(options_, request));
  const std::string body = TRY(post_json(
      options_, http_, "/chat/completions",
      fmt::format(R"({{"model":{},"max_tokens":{},"temperature":0,"messages":[)"
                  R"({{"role":"system","content":{}}},{{"role":"user","content":{}}}]{}}})",
                  json_quote(options_.model), request.tokens_max, json_quote(texts.system),
                  json_quote(texts.user), format_of(options_.schema, request.json_schema))));
  return read_answer(body, options_.model);
}

}  // namespace healer
