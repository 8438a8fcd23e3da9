#pragma once
#include <string>

#include "ports/llm/llm.h"

namespace healer {

// The texts of a request that may be sent. full: longer than the limit; invalid_input: no tokens.
struct LlmTexts {
  std::string system, user;
};
Result<LlmTexts> texts_of(const LlmOptions& options, const LlmRequest& request);

// Sends a JSON body to the model's server; the body of its answer.
Result<std::string> post_json(const LlmOptions& options, HttpClient& http, std::string_view path,
                              std::string body);

// What both kinds of server may say instead of an answer, each one error of llm.h.
std::unexpected<Error> not_of_the_api(std::string_view what, const Error& error);
std::unexpected<Error> answer_refused(std::string_view why);
std::unexpected<Error> answer_cut();
std::unexpected<Error> answer_empty();

}  // namespace healer
