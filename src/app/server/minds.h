#pragma once
#include <memory>
#include <vector>

#include "app/config/settings.h"
#include "base/error.h"
#include "incident/consultant.h"
#include "ports/agent/agent.h"
#include "ports/http/client.h"
#include "ports/llm/llm.h"

namespace healer {

// The language models that the settings name, in order, and what speaks to them.
struct Minds {
  std::vector<std::unique_ptr<LlmClient>> clients;
  std::vector<Mind> minds;
};

// invalid_input: a url without a model.
Result<Minds> make_minds(const Settings& settings, HttpClient& http);

// The coding agent that the settings name; nullptr where they name none. invalid_input: the message
// says what is wrong with agent.argv.
Result<std::unique_ptr<Agent>> make_agent(const Settings& settings, Executor& executor);

}  // namespace healer
