#include "app/server/minds.h"

namespace healer {

Result<std::unique_ptr<LlmClient>> make_llm(const Settings& settings, HttpClient& http) {
  if (settings.llm_url.empty()) return nullptr;
  if (settings.llm_model.empty())
    return fail(Errc::invalid_input,
                "llm.url is set but llm.model is not: name the model that the server shall ask");
  LlmOptions options;
  options.url = settings.llm_url;
  while (options.url.ends_with('/')) options.url.pop_back();
  options.model = settings.llm_model;
  options.key = settings.llm_key;
  options.timeout = settings.llm_timeout;
  return std::make_unique<ChatCompletions>(std::move(options), http);
}

Result<std::unique_ptr<Agent>> make_agent(const Settings& settings, Executor& executor) {
  if (settings.agent_argv.empty()) return nullptr;
  auto made = CommandAgent::make(
      executor, {.argv = settings.agent_argv, .read_only = settings.agent_read_only});
  if (!made) return std::unexpected(std::move(made).error().within("agent.argv"));
  return std::move(*made);
}

}  // namespace healer
