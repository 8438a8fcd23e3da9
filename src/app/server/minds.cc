#include "app/server/minds.h"

#include <fmt/format.h>

namespace healer {

Result<Minds> make_minds(const Settings& settings, HttpClient& http) {
  if (!settings.llm_url.empty() && settings.llm_model.empty())
    return fail(Errc::invalid_input,
                "llm.url is set but llm.model is not: name the model that the server shall ask");
  Minds out;
  for (const auto& model : models_of(settings)) {
    out.clients.push_back(make_llm_client(model.server, http));
    out.minds.push_back({.name = model.name,
                         .api = std::string(to_string(model.server.api)),
                         .llm = out.clients.back().get(),
                         .usd_per_million_input = model.usd_per_million_input,
                         .usd_per_million_output = model.usd_per_million_output});
  }
  return out;
}

Result<std::unique_ptr<Agent>> make_agent(const Settings& settings, Executor& executor) {
  if (settings.agent_argv.empty()) return nullptr;
  auto made = CommandAgent::make(
      executor, {.argv = settings.agent_argv, .read_only = settings.agent_read_only});
  if (!made) return std::unexpected(std::move(made).error().within("agent.argv"));
  return std::move(*made);
}

}  // namespace healer
