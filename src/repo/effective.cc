#include "repo/effective.h"

#include <map>

#include "repo/names.h"

namespace healer {
namespace {

constexpr std::size_t kCommandBytesMax = 4096;
constexpr std::size_t kPartsMax = 64;  // named values inside one scalar

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(std::string_view text) {
  while (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || !letter(text.front())) return false;
  for (const char c : text)
    if (!letter(c) && !digit(c) && c != '.' && c != '-') return false;
  return true;
}

struct Part {
  std::string name;
  std::size_t offset = 0, length = 0;  // of its value inside the scalar
};

// NAME=value, --name=value and -Xmx512m: where the value begins; 0 if the word is none of these.
std::size_t value_in_word(std::string_view word, std::string& name) {
  const std::size_t equals = word.find('=');
  if (equals != std::string_view::npos) {
    if (equals + 1 >= word.size() || !is_name(word.substr(0, equals))) return 0;
    name = word.substr(0, equals);
    if (name.starts_with("-D")) name.erase(0, 2);
    return equals + 1;
  }
  if (word.size() < 4 || word[0] != '-' || !letter(word[1])) return 0;
  std::size_t at = 1;
  while (at < word.size() && letter(word[at])) ++at;
  if (at < 3 || at == word.size() || !digit(word[at])) return 0;
  name = word.substr(0, at);
  return at;
}

// Options of a command line: `--name=value`, `--name value`, `-c name=value`, `-Xmx512m`.
void options(std::string_view text, std::vector<Part>& out) {
  std::string pending;
  for (std::size_t at = 0; at < text.size() && out.size() < kPartsMax;) {
    at = text.find_first_not_of(" \t\n", at);
    if (at == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    std::string name;
    if (word.find_first_of("\"'`$") != std::string_view::npos) {
      pending.clear();
    } else if (const std::size_t value = value_in_word(word, name); value != 0) {
      out.push_back({std::move(name), at + value, word.size() - value});
      pending.clear();
    } else if (word.starts_with("--") && is_name(word)) {
      pending = word;
    } else {
      if (!pending.empty() && !word.starts_with('-'))
        out.push_back({std::move(pending), at, word.size()});
      pending.clear();
    }
    at = end;
  }
}

// host, port and query parameters of scheme://user@host:port/path?name=value&…
void url_parts(std::string_view text, std::string_view name, std::vector<Part>& out) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0 || text.find_first_of(" \t\n") != text.npos)
    return;
  const std::size_t begin = scheme + 3;
  const std::size_t stop = std::min(text.find_first_of("/?#", begin), text.size());
  const std::size_t user = text.substr(begin, stop - begin).rfind('@');
  const std::size_t host = user == std::string_view::npos ? begin : begin + user + 1;
  const std::size_t colon = text.find(':', host);
  const std::string_view authority = text.substr(host, stop - host);
  const bool plain = authority.find_first_of("$[]{},") == std::string_view::npos;
  if (plain && colon < stop) {
    out.push_back({std::string(name) + ".host", host, colon - host});
    out.push_back({std::string(name) + ".port", colon + 1, stop - colon - 1});
  } else if (plain && stop > host) {
    out.push_back({std::string(name) + ".host", host, stop - host});
  }
  std::size_t at = text.find('?', stop);
  while (at < text.size() && out.size() < kPartsMax) {
    ++at;
    const std::size_t end = std::min(text.find_first_of("&#", at), text.size());
    std::string key;
    const std::string_view word = text.substr(at, end - at);
    if (const std::size_t value = value_in_word(word, key); value != 0 && word[0] != '-')
      out.push_back({std::move(key), at + value, word.size() - value});
    at = end < text.size() && text[end] == '&' ? end : text.size();
  }
}

bool is_item(std::string_view path) { return path.ends_with(']'); }

std::vector<Part> parts_of(const Setting& setting, std::string_view name) {
  std::vector<Part> out;
  const std::string_view value = setting.value;
  if (setting.kind != ScalarKind::string || value.size() > kCommandBytesMax) return out;
  const bool one_word = value.find_first_of(" \t\n") == std::string_view::npos;
  const bool dashed = value.starts_with('-') || value.find(" -") != std::string_view::npos;
  if (dashed && !value.starts_with("---")) {
    options(value, out);
  } else if (is_item(setting.path) || normalise_name(path_leaf(setting.path)) == "environment") {
    std::string inner;
    const std::size_t equals = value.find('=');
    if (equals != std::string_view::npos && is_name(value.substr(0, equals))) {
      out.push_back({std::string(value.substr(0, equals)), equals + 1, value.size() - equals - 1});
      url_parts(value.substr(equals + 1), value.substr(0, equals), out);
      for (std::size_t i = 1; i < out.size(); ++i) out[i].offset += equals + 1;
    }
  }
  if (out.empty() && one_word) url_parts(value, name, out);
  return out;
}

void put(std::string_view file, const Setting& setting, std::string name,
         std::vector<RepoSetting>& out) {
  const auto parts = parts_of(setting, name);
  out.push_back({std::string(file), setting, std::move(name), setting.value, "", ""});
  for (const Part& part : parts)
    out.push_back(
        {std::string(file), setting, part.name, setting.value.substr(part.offset, part.length),
         setting.value.substr(0, part.offset), setting.value.substr(part.offset + part.length)});
}

std::string_view parent_of(std::string_view path, std::string_view leaf) {
  if (!path.ends_with(leaf) || path.size() <= leaf.size()) return {};
  path.remove_suffix(leaf.size());
  if (!path.ends_with('.')) return {};
  path.remove_suffix(1);
  return path;
}

}  // namespace

void add_effective_settings(std::string_view file, std::vector<Setting> settings,
                            std::vector<RepoSetting>& out) {
  // {name: POOL, value: 5}: the value goes by that name.
  std::map<std::string_view, const Setting*, std::less<>> names;
  for (const Setting& setting : settings) {
    if (const auto parent = parent_of(setting.path, "name"); is_item(parent))
      names.emplace(parent, &setting);
    if (const auto parent = parent_of(setting.path, "Name"); is_item(parent))
      names.emplace(parent, &setting);
  }
  const Setting* before = nullptr;
  for (const Setting& setting : settings) {
    std::string name = setting.path;
    for (const std::string_view leaf : {"value", "Value"}) {
      const auto pair = names.find(parent_of(setting.path, leaf));
      if (pair != names.end() && is_name(pair->second->value)) name = pair->second->value;
    }
    // ["--pool", "5"]: the item goes by the one before it.
    const bool option = is_item(setting.path) && before != nullptr &&
                        before->path.substr(0, before->path.rfind('[')) ==
                            setting.path.substr(0, setting.path.rfind('[')) &&
                        before->value.starts_with("--") && is_name(before->value) &&
                        !setting.value.starts_with('-');
    if (option) name = before->value;
    put(file, setting, std::move(name), out);
    before = is_item(setting.path) ? &setting : nullptr;
  }
}

Result<std::string> set_setting(std::string_view text, const RepoSetting& setting,
                                std::string_view new_value) {
  const auto format = format_of(setting.file);
  if (!format) return fail(Errc::unsupported, setting.file + ": no editor knows its format");
  return set_value(*format, text, setting.setting.path, setting.with(new_value));
}

}  // namespace healer
