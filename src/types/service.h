#pragma once
#include <string>
#include <vector>

#include "types/fields.h"

namespace healer {

enum class RepositoryRole { code, config, chart };
template <>
struct NamesOf<RepositoryRole> {
  static constexpr std::array<std::string_view, 3> names{"code", "config", "chart"};
};

struct RepositoryRef {
  std::string url;     // local path, file://, https:// or ssh
  std::string branch;  // base branch; empty: the remote's HEAD
  std::string path;    // the service's folder in it; empty: all
  RepositoryRole role = RepositoryRole::code;
  bool trust_deploy = false;  // healer.yaml lets this repository's `deploy` run after a merge
};

// A thing that logs and has a repository. From healer.yaml.
struct Service {
  std::string name;
  std::string environment;
  std::string owner;
  std::vector<std::string> contacts;
  std::vector<std::string> match;  // globs over source, host, component and label values
  std::vector<std::string> logs;   // files to tail, globs
  std::vector<RepositoryRef> repositories;
};

}  // namespace healer
