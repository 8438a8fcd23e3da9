#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/glob.h"
#include "stages/review/change.h"

namespace healer {
namespace {

constexpr std::array<std::string_view, 25> kForbidden{
    "CODEOWNERS",      ".healer.yml",
    ".healer.yaml",    ".coderabbit.yaml",
    ".coderabbit.yml", ".gitmodules",
    ".gitattributes",  "*.pem",
    "*.key",           "*.p12",
    "*.pfx",           "*.jks",
    "*.keystore",      "*.kdbx",
    "*.gpg",           "id_rsa*",
    "id_ed25519*",     "id_ecdsa*",
    ".netrc",          ".npmrc",
    ".pypirc",         ".git-credentials",
    ".htpasswd",       "*.tfstate",
    "master.key",
};

constexpr std::array<std::string_view, 25> kSecrets{
    "**/secrets/**",         "**/.ssh/**",       "**/.aws/**",       "**/.gnupg/**",
    "**/.kube/**",           "secret.y*ml",      "secrets.y*ml",     "secrets.json",
    "secrets.toml",          "secrets.env",      "secrets.ini",      "secrets.properties",
    "*-secret.y*ml",         "*-secrets.y*ml",   "*.secret",         "*.secrets",
    ".env.secret*",          "kubeconfig*",      "*.sops.*",         "*.age",
    "credentials",           "credentials.json", "credentials.y*ml", "*credentials*.json",
    "service-account*.json",
};

constexpr std::array<std::string_view, 18> kContinuousIntegration{
    "**/.github/**",
    ".gitlab-ci.yml",
    "**/.gitlab/**",
    "**/.circleci/**",
    "Jenkinsfile*",
    ".travis.yml",
    "**/.buildkite/**",
    "azure-pipelines*.yml",
    "bitbucket-pipelines.yml",
    "**/.ci/**",
    "**/.gitea/**",
    "**/.forgejo/**",
    ".drone.yml",
    "**/.woodpecker/**",
    "appveyor.yml",
    "cloudbuild.y*ml",
    ".pre-commit-config.yaml",
    "**/.husky/**",
};

constexpr std::array<std::string_view, 18> kLockFiles{
    "package-lock.json",  "npm-shrinkwrap.json", "yarn.lock",    "pnpm-lock.yaml",
    "bun.lock*",          "poetry.lock",         "Pipfile.lock", "uv.lock",
    "pdm.lock",           "Cargo.lock",          "go.sum",       "composer.lock",
    "Gemfile.lock",       "flake.lock",          "mix.lock",     "gradle.lockfile",
    "packages.lock.json", "Package.resolved",
};

constexpr std::array<std::string_view, 19> kTests{
    "**/test/**",     "**/tests/**", "**/__tests__/**", "**/spec/**", "**/testdata/**",
    "**/fixtures/**", "test_*.*",    "*_test.*",        "*_tests.*",  "*.test.*",
    "*.spec.*",       "*_spec.rb",   "conftest.py",     "*Test.java", "*Tests.java",
    "*Test.kt",       "*Tests.cs",   "pytest.ini",      "**/e2e/**",
};

template <class List>
bool any_matches(const List& globs, std::string_view path) {
  return std::ranges::any_of(globs, [&](const auto& glob) { return glob_match(glob, path); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Lists are compared without case: file systems may fold it, and the match may only widen.
template <class List>
bool any_matches_folded(const List& globs, std::string_view path) {
  const std::string folded = lower(path);
  return std::ranges::any_of(globs,
                             [&](const auto& glob) { return glob_match(lower(glob), folded); });
}

// Why a path may not be written at all; empty if it may.
std::string_view path_fault(std::string_view path) {
  if (path.empty()) return "the path is empty";
  if (path.size() > 4096) return "the path is too long";
  if (path.front() == '/') return "the path is absolute";
  for (const char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\')
      return "the path has control characters or backslashes";
  std::string_view rest = path;
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string part = lower(rest.substr(0, slash));
    if (part.empty() || part == "." || part == "..") return "the path leaves the repository";
    // Also what Windows and macOS file systems take for .git.
    if (part == ".git" || part.starts_with(".git.") || part.starts_with(".git ") ||
        part.starts_with(".git:") || part.starts_with("git~"))
      return "the path is git's own";
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace

bool is_test_path(std::string_view path) { return any_matches(kTests, path); }

bool is_prose_path(std::string_view path) {
  static constexpr std::array<std::string_view, 5> kProse{"*.md", "*.rst", "*.adoc", "*.txt",
                                                          "LICENSE*"};
  return any_matches(kProse, path);
}

bool is_guarded(std::string_view path, const ReviewPolicy& policy) {
  return any_matches_folded(kContinuousIntegration, path) || any_matches_folded(kLockFiles, path) ||
         is_test_path(path) || any_matches_folded(policy.guarded, path);
}

bool is_forbidden(std::string_view path, const ReviewPolicy& policy) {
  return any_matches_folded(kForbidden, path) || any_matches_folded(kSecrets, path) ||
         any_matches_folded(policy.forbidden, path);
}

void check_path(const Change& change, const ReviewPolicy& policy, Reasons& reasons) {
  const std::string& path = change.file.path;
  if (const auto fault = path_fault(path); !fault.empty())
    reasons.push_back(fmt::format("path: {}: {:?}", fault, path));
  else if (is_forbidden(path, policy))
    reasons.push_back(fmt::format("path: {} is forbidden", path));
}

}  // namespace healer
