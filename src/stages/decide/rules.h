#pragma once
#include <string_view>

#include "base/error.h"
#include "types/policy.h"

namespace healer {

// Reads `.healer.yml` (YAML text of the base branch). An unknown key, a wrong type or a path that
// leaves the repository is invalid_input; unknown keys name the nearest key. An empty text gives
// rules with every default and present = true. README.md has the keys.
Result<RepositoryRules> parse_repository_rules(std::string_view yaml);

}  // namespace healer
