#pragma once
#include <string_view>
#include <vector>

#include "repo/repo_model.h"

namespace healer {

// The settings of one file as the program sees them: each scalar, and the named values inside it.
void add_effective_settings(std::string_view file, std::vector<Setting> settings,
                            std::vector<RepoSetting>& out);

}  // namespace healer
