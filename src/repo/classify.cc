#include "repo/classify.h"

#include <algorithm>
#include <array>

#include "repo/directory_source.h"
#include "repo/names.h"

namespace healer {
namespace {

template <std::size_t N>
bool any_equal(const std::array<std::string_view, N>& words, std::string_view text) {
  return std::ranges::find(words, text) != words.end();
}

template <std::size_t N>
bool any_ending(const std::array<std::string_view, N>& endings, std::string_view text) {
  return std::ranges::any_of(endings, [&](std::string_view e) { return text.ends_with(e); });
}

std::string file_name(std::string_view path) {
  return lower_case(path.substr(path.rfind('/') + 1));
}

// True if one of the folders above the file has one of these names.
template <std::size_t N>
bool in_folder(const std::array<std::string_view, N>& names, std::string_view path) {
  std::size_t at = 0;
  for (std::size_t slash; (slash = path.find('/', at)) != std::string_view::npos; at = slash + 1)
    if (any_equal(names, path.substr(at, slash - at))) return true;
  return false;
}

constexpr std::array<std::string_view, 24> kVendored{
    ".git",          "node_modules", "vendor",      "third_party",  "dist",
    "build",         "target",       "out",         ".venv",        "venv",
    "coverage",      "__pycache__",  ".tox",        ".terraform",   ".next",
    ".idea",         ".gradle",      ".mypy_cache", ".cache",       "bower_components",
    "site-packages", ".svn",         ".hg",         ".pytest_cache"};
constexpr std::array<std::string_view, 9> kLockFiles{
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "go.sum",
    "bun.lockb",         "packages.lock.json",  "uv.lock",   "gradle.lockfile"};
constexpr std::array<std::string_view, 48> kNotText{
    ".lock",   ".min.js",  ".min.css", ".map", ".pb.go", "_pb2.py", ".snap",  ".svg",
    ".png",    ".jpg",     ".jpeg",    ".gif", ".ico",   ".webp",   ".pdf",   ".zip",
    ".gz",     ".tgz",     ".bz2",     ".xz",  ".zst",   ".7z",     ".tar",   ".jar",
    ".war",    ".class",   ".so",      ".o",   ".a",     ".dll",    ".exe",   ".dylib",
    ".woff",   ".woff2",   ".ttf",     ".eot", ".mp3",   ".mp4",    ".mov",   ".db",
    ".sqlite", ".parquet", ".onnx",    ".bin", ".wasm",  ".pyc",    ".ipynb", ".pem"};
constexpr std::array<std::string_view, 31> kCode{
    ".py", ".js",   ".ts",  ".jsx", ".tsx", ".mjs", ".cjs", ".go",     ".java", ".kt", ".scala",
    ".rb", ".php",  ".rs",  ".c",   ".cc",  ".cpp", ".h",   ".hpp",    ".cs",   ".fs", ".swift",
    ".sh", ".bash", ".zsh", ".pl",  ".lua", ".ex",  ".exs", ".groovy", ".sql"};

}  // namespace

bool worth_reading(std::string_view path) {
  if (in_folder(kVendored, path)) return false;
  const std::string name = file_name(path);
  return !any_equal(kLockFiles, name) && !any_ending(kNotText, name);
}

FileKind kind_of_file(std::string_view path, std::optional<Format> format) {
  const std::string name = file_name(path);
  if (path.starts_with(".github/workflows/") || path.starts_with(".circleci/") ||
      path.starts_with(".buildkite/") || name == ".gitlab-ci.yml" || name == ".travis.yml" ||
      name == "jenkinsfile" || name.starts_with("azure-pipelines"))
    return FileKind::ci;
  constexpr std::array<std::string_view, 8> kTestFolders{
      "test", "tests", "spec", "specs", "__tests__", "testdata", "e2e", "fixtures"};
  constexpr std::array<std::string_view, 6> kTestNames{"_test.", ".test.",    ".spec.",
                                                       "_spec.", "conftest.", "-test."};
  if (in_folder(kTestFolders, path) || name.starts_with("test_") ||
      std::ranges::any_of(kTestNames,
                          [&](std::string_view t) { return name.find(t) != name.npos; }))
    return FileKind::test;
  constexpr std::array<std::string_view, 6> kDocs{".md",  ".rst",      ".adoc",
                                                  ".txt", ".markdown", ".mdx"};
  if (any_ending(kDocs, name) || name == "readme") return FileKind::doc;
  if (any_ending(kCode, name)) return FileKind::code;
  if (format || name.starts_with("dockerfile") || name.ends_with(".dockerfile") ||
      name == "procfile" || name == "makefile" || name.ends_with(".tf") || name.ends_with(".xml"))
    return FileKind::config;
  return FileKind::other;
}

bool is_example_file(std::string_view path) {
  const std::string name = file_name(path);
  auto letter = [&](std::size_t at) {
    return at < name.size() && name[at] >= 'a' && name[at] <= 'z';
  };
  for (const std::string_view mark : {"example", "sample", "dist"}) {
    const std::size_t at = name.find(mark);
    if (at != std::string::npos && (at == 0 || !letter(at - 1)) && !letter(at + mark.size()))
      return true;
  }
  return name.ends_with(".template");
}

bool has_placeholders(std::string_view path, std::optional<Format> format) {
  const std::string name = file_name(path);
  return (format && *format != Format::json) || name.starts_with("dockerfile") ||
         name.ends_with(".sh") || name.ends_with(".bash") || name.ends_with(".xml") ||
         name == "procfile" || name == "makefile" || name.ends_with(".template");
}

}  // namespace healer
