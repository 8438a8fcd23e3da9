#include <algorithm>
#include <array>

#include "edit/editor.h"

namespace healer {
namespace {

struct Ending {
  std::string_view text;
  Format format;
};

// Endings are matched on the lower-case file name, first hit wins.
constexpr std::array kEndings{
    Ending{".yaml", Format::yaml},     Ending{".yml", Format::yaml},
    Ending{".json", Format::json},     Ending{".toml", Format::toml},
    Ending{".ini", Format::ini},       Ending{".cfg", Format::ini},
    Ending{".cnf", Format::ini},       Ending{".conf", Format::ini},
    Ending{".service", Format::ini},   Ending{".socket", Format::ini},
    Ending{".timer", Format::ini},     Ending{".editorconfig", Format::ini},
    Ending{".gitconfig", Format::ini}, Ending{".pylintrc", Format::ini},
    Ending{".flake8", Format::ini},    Ending{".properties", Format::properties},
    Ending{".env", Format::env},
};

}  // namespace

std::optional<Format> format_of(std::string_view file_path) {
  std::string name(file_path.substr(file_path.rfind('/') + 1));
  for (auto& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (name == "pipfile") return Format::toml;
  if (name == "env" || name == "env.example" || name == "env.sample" || name.starts_with(".env."))
    return Format::env;
  for (const std::string_view template_ending : {".example", ".sample", ".dist", ".template"})
    if (name.ends_with(template_ending)) name.resize(name.size() - template_ending.size());
  const auto hit = std::ranges::find_if(kEndings, [&](const Ending& e) {
    return name.size() >= e.text.size() && name.ends_with(e.text);
  });
  if (hit == kEndings.end()) return std::nullopt;
  return hit->format;
}

std::string path_step(std::string_view key) {
  if (!key.empty() && key.front() != '@' &&
      key.find_first_of(".[]\"\\ \t\r\n") == std::string_view::npos)
    return std::string(key);
  std::string out = "\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string path_leaf(std::string_view path) {
  while (path.ends_with(']') && path.rfind('[') != std::string_view::npos)
    path.remove_suffix(path.size() - path.rfind('['));
  if (!path.ends_with('"')) return std::string(path.substr(path.rfind('.') + 1));
  std::size_t open = path.size() - 1;
  auto escaped = [&](std::size_t at) {
    std::size_t slashes = 0;
    while (slashes < at && path[at - 1 - slashes] == '\\') ++slashes;
    return slashes % 2 == 1;
  };
  while (open > 0 && (path[open - 1] != '"' || escaped(open - 1))) --open;
  std::string out;
  for (std::size_t i = open; i + 1 < path.size(); ++i) {
    if (path[i] == '\\' && i + 2 < path.size()) ++i;
    out += path[i];
  }
  return out;
}

}  // namespace healer
