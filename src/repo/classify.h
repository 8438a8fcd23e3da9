#pragma once
#include <string_view>

#include "repo/repo_model.h"

namespace healer {

// What a file is for, by its path alone.
FileKind kind_of_file(std::string_view path, std::optional<Format> format);

// A file that shows how a real one would look: .env.example, config.toml.dist, values-sample.yaml.
bool is_example_file(std::string_view path);

// Files whose text may hold ${NAME} for a variable of the environment.
bool has_placeholders(std::string_view path, std::optional<Format> format);

}  // namespace healer
