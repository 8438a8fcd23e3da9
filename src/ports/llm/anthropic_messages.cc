#include <fmt/format.h>

#include "ports/llm/exchange.h"
#include "ports/llm/messages_answer.h"
#include "types/json.h"

namespace healer {
namespace {

// The input of the tool that was called, where there is one: that is what has the schema.
std::string text_of(const MessagesAnswer& answer) {
  std::string text;
  for (const auto& block : answer.content) {
    if (block.type == "tool_use" && block.input) return block.input->text;
    if (block.type == "text") text += block.text;
  }
  return text;
}

Result<LlmAnswer> read_answer(const std::string& body, const std::string& asked) {
  auto read = from_json<MessagesAnswer>(body);
  if (!read) return not_of_the_api("message", read.error());
  const std::string reason = read->stop_reason.value_or("");
  if (reason == "refusal") return answer_refused(text_of(*read));
  if (reason == "max_tokens") return answer_cut();
  LlmAnswer out{.text = text_of(*read),
                .model = read->model.empty() ? asked : std::move(read->model)};
  if (out.text.empty()) return answer_empty();
  if (read->usage) {
    out.prompt_tokens = read->usage->input_tokens;
    out.answer_tokens = read->usage->output_tokens;
  }
  return out;
}

}  // namespace

AnthropicMessages::AnthropicMessages(LlmOptions options, HttpClient& http)
    : options_(std::move(options)), http_(http) {}

Result<LlmAnswer> AnthropicMessages::complete(const LlmRequest& request) {
  const LlmTexts texts = TRY(texts_of(options_, request));
  std::string tool;
  if (!request.json_schema.empty())
    tool = fmt::format(R"(,"tools":[{{"name":"answer","description":"Gives the answer.",)"
                       R"("input_schema":{}}}],"tool_choice":{{"type":"tool","name":"answer"}})",
                       request.json_schema);
  const std::string body =
      TRY(post_json(options_, http_, "/messages",
                    fmt::format(R"({{"model":{},"max_tokens":{},"system":{},"messages":[)"
                                R"({{"role":"user","content":{}}}]{}}})",
                                json_quote(options_.model), request.tokens_max,
                                json_quote(texts.system), json_quote(texts.user), tool)));
  return read_answer(body, options_.model);
}

}  // namespace healer
