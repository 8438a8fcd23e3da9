#pragma once
#include <string_view>
#include <vector>

#include "repo/repo_model.h"

namespace healer {

// Reads of the environment in code, in the usual languages: getenv("X"), os.environ["X"],
// process.env.X, ENV.fetch("X", "5"), env::var("X") and their kin, with a literal default.
void find_env_reads(std::string_view file, std::string_view text, std::vector<EnvReference>& out);

// ${X}, ${X:-5}, ${X:5} and ${X-5} in configuration and scripts.
void find_placeholders(std::string_view file, std::string_view text,
                       std::vector<EnvReference>& out);

}  // namespace healer
