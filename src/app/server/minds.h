#pragma once
#include <memory>

#include "app/config/settings.h"
#include "base/error.h"
#include "ports/agent/agent.h"
#include "ports/http/client.h"
#include "ports/llm/llm.h"

namespace healer {

// The language model that the settings name; nullptr where they name none. invalid_input: a url
// without a model.
Result<std::unique_ptr<LlmClient>> make_llm(const Settings& settings, HttpClient& http);

// The coding agent that the settings name; nullptr where they name none. invalid_input: the message
// says what is wrong with agent.argv.
Result<std::unique_ptr<Agent>> make_agent(const Settings& settings, Executor& executor);

}  // namespace healer
