#include "types/alias.h"

#include <fmt/format.h>

#include <algorithm>

#include "types/secret_span.h"

namespace healer {
namespace {

bool is_name_byte(char c) { return is_word_byte(c) || c == '.'; }

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [&](auto one) { return same_word(word, one); });
}

// Folders that say what software it is and not whose.
bool is_public_folder(std::string_view name) {
  static constexpr std::array<std::string_view, 44> kFolders{
      "etc",  "var",   "usr",    "lib",   "lib64",  "bin",   "sbin",       "opt",         "tmp",
      "proc", "sys",   "dev",    "run",   "srv",    "home",  "root",       "mnt",         "log",
      "logs", "data",  "share",  "local", "cache",  "spool", "config",     "src",         "app",
      "main", "java",  "python", "Users", "nginx",  "mysql", "redis",      "postgresql",  "docker",
      "ssl",  "certs", "tests",  "conf",  "conf.d", "db",    "migrations", "node_modules"};
  return name.empty() || name == "." || name == ".." || one_of(name, kFolders);
}

bool is_public_user(std::string_view name) {
  static constexpr std::array<std::string_view, 26> kUsers{
      "root",   "postgres", "mysql", "www-data",       "nginx", "redis", "nobody",
      "daemon", "admin",    "guest", "name",           "id",    "is",    "not",
      "was",    "does",     "has",   "with",           "agent", "data",  "input",
      "space",  "and",      "or",    "authentication", "from"};
  return name.size() < 2 || one_of(name, kUsers) || !has_class(name, kUpper | kLower);
}

bool is_host(std::string_view word) {
  static constexpr std::array<std::string_view, 30> kTops{
      "com", "net",  "org", "io",    "dev",     "cloud",      "local", "internal",
      "lan", "corp", "svc", "edu",   "gov",     "example",    "test",  "co",
      "de",  "uk",   "eu",  "us",    "fr",      "nl",         "tech",  "info",
      "ai",  "app",  "biz", "intra", "private", "localdomain"};
  const auto dot = word.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || has_class(word, kUpper)) return false;
  // Names of classes and packages begin with what ends a host.
  return one_of(word.substr(dot + 1), kTops) && !one_of(word.substr(0, word.find('.')), kTops) &&
         !word.contains("..") && !word.contains('_');
}

// Four numbers up to 255, none of them a version's.
bool is_ipv4(std::string_view word) {
  int parts = 0;
  for (std::size_t at = 0; at <= word.size(); ++parts) {
    const std::size_t end = std::min(word.find('.', at), word.size());
    const std::string_view part = word.substr(at, end - at);
    const bool digits = std::ranges::all_of(part, [](char c) { return is_class(c, kDigit); });
    if (part.empty() || part.size() > 3 || !digits || (part.size() == 3 && part > "255"))
      return false;
    at = end + 1;
  }
  return parts == 4 && !word.starts_with("127.") && word != "0.0.0.0";
}

// Hex groups between colons: eight of them, or fewer with "::"; at least one digit, as names of
// code have none.
std::size_t ipv6_size(std::string_view text) {
  std::size_t end = 0, colons = 0, group = 0;
  bool gap = false;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == ':') {
      gap = gap || (end > 0 && text[end - 1] == ':');
      ++colons;
      group = 0;
    } else if (is_class(c, kDigit) || (lower(c) >= 'a' && lower(c) <= 'f')) {
      if (++group > 4) return 0;
    } else {
      break;
    }
  }
  while (end > 0 && text[end - 1] == ':' && (end < 2 || text[end - 2] != ':')) --end, --colons;
  const bool cut = end < text.size() && is_name_byte(text[end]) && text[end] != '.';
  if (cut || end < 6 || !has_class(text.substr(0, end), kDigit)) return 0;
  return (gap && colons >= 2 && colons < 8) || colons == 7 ? end : 0;
}

class Hider {
 public:
  Hider(const std::vector<NameKind>& kinds, const std::string& all, Aliases& aliases)
      : all_(all), aliases_(aliases) {
    for (const NameKind kind : kinds) wanted_.at(static_cast<std::size_t>(kind)) = true;
  }

  std::string hide(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const bool starts = at == 0 || !is_name_byte(text[at - 1]);
      std::size_t size = starts ? take(text, at, out) : 0;
      if (size == 0) {
        out += text[at];
        size = 1;
      }
      at += size;
    }
    return out;
  }

 private:
  // Appends what stands for the name at `at`; returns how much of the text that is, 0 for none.
  std::size_t take(std::string_view text, std::size_t at, std::string& out) {
    if (wants(NameKind::path))
      if (const std::size_t size = take_path(text, at, out); size > 0) return size;
    if (wants(NameKind::address))
      if (const std::size_t size = ipv6_size(text.substr(at, 46)); size > 0)
        return put(NameKind::address, text.substr(at, size), out);
    std::size_t end = at;
    while (end < text.size() && is_name_byte(text[end])) ++end;
    while (end > at && text[end - 1] == '.') --end;
    const std::string_view word = text.substr(at, end - at);
    if (word.empty()) return 0;
    if (wants(NameKind::address) && is_ipv4(word)) return put(NameKind::address, word, out);
    const bool authority = at > 0 && text[at - 1] == '@' && !has_class(word.substr(0, 1), kDigit);
    if (wants(NameKind::host) && (is_host(word) || follows(text, at, kHostKeys) ||
                                  (authority && !same_word(word, "localhost"))))
      return same_word(word, "localhost") ? 0 : put(NameKind::host, word, out);
    const bool mail = end < text.size() && text[end] == '@';
    if (wants(NameKind::user) &&
        (mail || follows(text, at, kUserKeys) ||
         (text.substr(end, 6) == " from " && text.substr(0, at).ends_with("user "))) &&
        !is_public_user(word))
      return put(NameKind::user, word, out);
    return copy(word, out);
  }

  // A path keeps its leading well-known folders and its extension.
  std::size_t take_path(std::string_view text, std::size_t at, std::string& out) {
    std::size_t end = at, slashes = 0;
    while (end < text.size() && (is_name_byte(text[end]) || text[end] == '/'))
      slashes += text[end++] == '/' ? 1U : 0U;
    while (end > at && text[end - 1] == '.') --end;
    const std::string_view path = text.substr(at, end - at);
    const bool of_url = at > 0 && (text[at - 1] == ':' || text[at - 1] == '/');
    if (slashes == 0 || of_url || path.size() < 4 || !has_class(path, kUpper | kLower)) return 0;
    const std::string_view file = path.substr(path.rfind('/') + 1);
    if (path.front() != '/' && !file.contains('.')) return 0;  // and/or, 3/4
    std::size_t kept = 0;
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', kept)) {
      if (!is_public_folder(path.substr(kept, slash - kept))) break;
      kept = slash + 1;
    }
    const std::string_view own = path.substr(kept);
    if (kept > 0 && is_public_folder(own.substr(0, own.rfind('.')))) return copy(path, out);
    out += path.substr(0, kept);
    put(NameKind::path, own, out);
    const auto dot = own.rfind('.');
    if (dot != std::string_view::npos && dot > 0 && own.size() - dot <= 6)
      show_extension(own.substr(dot), out);
    return path.size();
  }

  // So that a model sees what kind of file it is; what it answers may have it or not.
  void show_extension(std::string_view extension, std::string& out) {
    const std::size_t start = out.rfind("path-");
    const std::string alias = out.substr(start);
    const std::string with = alias + std::string(extension);
    aliases_.insert_or_assign(with, aliases_.at(alias));
    out += extension;
  }

  static constexpr std::array<std::string_view, 9> kHostKeys{
      "host", "hostname", "server", "node", "upstream", "broker", "lookup", "enotfound", "peer"};
  static constexpr std::array<std::string_view, 5> kUserKeys{"user", "username", "login", "uname",
                                                             "owner"};

  // True where a key of these and one of `= " : '` stand before `at`.
  template <std::size_t N>
  static bool follows(std::string_view text, std::size_t at,
                      const std::array<std::string_view, N>& keys) {
    std::size_t end = at;
    while (end > 0 && std::string_view("=\":' ").contains(text[end - 1])) --end;
    const std::string_view between = text.substr(end, at - end);
    if (between.empty() || between == " ") return false;
    std::size_t start = end;
    while (start > 0 && is_word_byte(text[start - 1])) --start;
    return one_of(text.substr(start, end - start), keys);
  }

  bool wants(NameKind kind) const { return wanted_.at(static_cast<std::size_t>(kind)); }

  static std::size_t copy(std::string_view text, std::string& out) {
    out += text;
    return text.size();
  }

  std::size_t put(NameKind kind, std::string_view name, std::string& out) {
    auto [it, fresh] = alias_of_.try_emplace({kind, std::string(name)});
    if (fresh) {
      int& number = numbers_.at(static_cast<std::size_t>(kind));
      do it->second = fmt::format("{}-{}", to_string(kind), ++number);
      while (all_.contains(it->second));
      aliases_.emplace(it->second, name);
    }
    out += it->second;
    return name.size();
  }

  const std::string& all_;
  Aliases& aliases_;
  std::array<bool, NamesOf<NameKind>::names.size()> wanted_{};
  std::array<int, NamesOf<NameKind>::names.size()> numbers_{};
  std::map<std::pair<NameKind, std::string>, std::string> alias_of_;
};

}  // namespace

Prompt hide_names(const Prompt& prompt, const std::vector<NameKind>& kinds, Aliases& aliases) {
  std::string all;
  for (const auto& piece : prompt) all += piece.text.str() + "\n";
  Hider hider(kinds, all, aliases);
  Prompt out = prompt;
  for (auto& piece : out)
    if (piece.trust == Trust::data) piece.text = mask(hider.hide(piece.text.str()));
  return out;
}

std::string reveal_names(std::string_view text, const Aliases& aliases) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_name_byte(text[end])) ++end;
    if (end == at) {
      out += text[at++];
      continue;
    }
    // "path-1.yaml" before "path-1": the longest that is known; "host-1" in "host-1.", not in
    // host-12.
    std::string_view word = text.substr(at, end - at);
    auto known = aliases.find(std::string(word));
    while (known == aliases.end() && word.rfind('.') != std::string_view::npos) {
      word = word.substr(0, word.rfind('.'));
      known = aliases.find(std::string(word));
    }
    out += known == aliases.end() ? std::string(text.substr(at, end - at)) : known->second;
    at += known == aliases.end() ? end - at : word.size();
  }
  return out;
}

}  // namespace healer
