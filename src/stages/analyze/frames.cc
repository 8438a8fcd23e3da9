#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "stages/analyze/analyze.h"

namespace healer {
namespace {

// Ends of source files that stack traces name.
constexpr std::array<std::string_view, 16> kEndings{
    ".py",  ".js", ".ts",    ".mjs", ".go",  ".java", ".kt",  ".rb",
    ".php", ".cs", ".scala", ".rs",  ".cpp", ".cc",   ".tsx", ".jsx"};
// Parts of paths that belong to somebody's library.
constexpr std::array<std::string_view, 12> kLibraries{
    "site-packages", "dist-packages", "node_modules", "/usr/lib", "/usr/local/lib", "/usr/local/go",
    "/pkg/mod/",     "node:",         "/vendor/",     "/gems/",   "<frozen",        "internal/"};
constexpr std::array<std::string_view, 9> kJavaLibraries{
    "java.",       "javax.",      "jdk.",      "sun.",          "org.springframework.",
    "org.apache.", "com.zaxxer.", "io.netty.", "org.hibernate."};

bool is_path(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("/._-@+~").find(c) != std::string_view::npos;
}

bool is_library(std::string_view path) {
  return std::ranges::any_of(
      kLibraries, [&](std::string_view part) { return path.find(part) != std::string_view::npos; });
}

struct Frame {
  std::string file;
  std::size_t at = 0;
};

// "at com.shop.Cart.add(Cart.java:12)": the package gives the folder.
std::string java_file(std::string_view text, std::size_t open, std::string_view file) {
  std::size_t begin = open;
  while (begin > 0 && (std::isalnum(static_cast<unsigned char>(text[begin - 1])) != 0 ||
                       text[begin - 1] == '.' || text[begin - 1] == '$' || text[begin - 1] == '_'))
    --begin;
  const std::string_view name = text.substr(begin, open - begin);
  if (std::ranges::any_of(kJavaLibraries,
                          [&](std::string_view prefix) { return name.starts_with(prefix); }))
    return {};
  const std::size_t method = name.rfind('.');
  const std::size_t type = method == std::string_view::npos || method == 0
                               ? std::string_view::npos
                               : name.rfind('.', method - 1);
  if (type == std::string_view::npos) return std::string(file);
  std::string folder(name.substr(0, type));
  std::ranges::replace(folder, '.', '/');
  return folder + "/" + std::string(file);
}

// A file name that ends at `end` and is followed by a line number; empty if it is none or of a
// library.
std::string file_before(std::string_view text, std::size_t end) {
  const std::string_view rest = text.substr(end);
  const bool numbered = (rest.size() > 1 && rest[0] == ':' &&
                         std::isdigit(static_cast<unsigned char>(rest[1])) != 0) ||
                        rest.starts_with("\", line ") || rest.starts_with(" on line ") ||
                        rest.starts_with(":line ") || rest.starts_with("(");
  if (!numbered) return {};
  std::size_t begin = end;
  while (begin > 0 && is_path(text[begin - 1])) --begin;
  const std::string_view file = text.substr(begin, end - begin);
  if (begin > 0 && text[begin - 1] == '(' && file.find('/') == std::string_view::npos &&
      (file.ends_with(".java") || file.ends_with(".kt") || file.ends_with(".scala")))
    return java_file(text, begin - 1, file);
  return is_library(file) || file.size() < 4 ? std::string() : std::string(file);
}

std::vector<std::string> own_frames(std::string_view text) {
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < text.size() && frames.size() < 200; ++at) {
    if (text[at] != '.') continue;
    for (const std::string_view ending : kEndings) {
      if (text.substr(at, ending.size()) != ending) continue;
      if (auto file = file_before(text, at + ending.size()); !file.empty())
        frames.push_back(std::move(file));
      break;
    }
  }
  return frames;
}

}  // namespace

std::string own_frame_file(std::string_view text) {
  // The last cause is where it began.
  if (const std::size_t cause = text.rfind("Caused by:"); cause != std::string_view::npos)
    if (auto frames = own_frames(text.substr(cause)); !frames.empty()) return frames.front();
  auto frames = own_frames(text);
  if (frames.empty()) return {};
  // Python prints the innermost frame last; the others print it first.
  return text.find("Traceback (most recent call last)") != std::string_view::npos ? frames.back()
                                                                                  : frames.front();
}

}  // namespace healer
