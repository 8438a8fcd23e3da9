#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "stages/review/change.h"

namespace healer {
namespace {

// The path of a setting as lower-case words: `spring.jpa.showSql` is spring, jpa, show, sql.
std::vector<std::string> words_of(std::string_view path) {
  std::vector<std::string> out(1);
  char last = ' ';
  for (const char c : path) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    const bool hump = std::isupper(static_cast<unsigned char>(c)) != 0 &&
                      std::islower(static_cast<unsigned char>(last)) != 0;
    if ((!letter || hump) && !out.back().empty()) out.emplace_back();
    if (letter) out.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    last = c;
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

using Words = std::vector<std::string>;

bool has(const Words& words, std::initializer_list<std::string_view> any) {
  return std::ranges::any_of(
      any, [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); });
}

bool is_off(std::string_view value) {
  static constexpr std::array<std::string_view, 10> kOff{
      "false", "off", "no", "0", "disabled", "disable", "none", "never", "skip", "insecure"};
  return std::ranges::find(kOff, lower(value)) != kOff.end();
}

bool is_on(std::string_view value) {
  static constexpr std::array<std::string_view, 6> kOn{"true", "on",      "yes",
                                                       "1",    "enabled", "enable"};
  return std::ranges::find(kOn, lower(value)) != kOn.end();
}

bool is_unlimited(std::string_view value) {
  static constexpr std::array<std::string_view, 11> kUnlimited{
      "0",       "-1",    "unlimited", "none", "infinity", "infinite",
      "nolimit", "false", "off",       "",     "null"};
  return std::ranges::find(kUnlimited, lower(value)) != kUnlimited.end();
}

// Place in the order of log levels; -1 for a word that is none.
int level_rank(std::string_view value) {
  static constexpr std::array<std::string_view, 14> kLevels{
      "all",     "trace", "verbose", "debug",    "info",  "notice", "warn",
      "warning", "error", "err",     "critical", "fatal", "none",   "off"};
  static constexpr std::array<int, 14> kRanks{0, 1, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 9, 9};
  const std::string word = lower(value.substr(0, value.find(',')));  // log4j: "INFO, console"
  const auto it = std::ranges::find(kLevels, word);
  return it == kLevels.end() ? -1 : kRanks[static_cast<std::size_t>(it - kLevels.begin())];
}

struct Was {
  const Setting *before = nullptr, *after = nullptr;
};

std::map<std::string_view, Was> pairs_of(const Change& change) {
  std::map<std::string_view, Was> out;
  for (const auto& setting : change.before) out[setting.path].before = &setting;
  for (const auto& setting : change.after) out[setting.path].after = &setting;
  return out;
}

bool is_probe(const Words& words) {
  if (has(words, {"livenessprobe", "readinessprobe", "startupprobe", "healthcheck", "healthchecks",
                  "probe", "probes"}))
    return true;
  return (has(words, {"liveness", "readiness", "startup"}) && has(words, {"probe", "check"})) ||
         (has(words, {"health"}) && has(words, {"check", "checks"}));
}

bool is_alert_file(const Change& change) {
  const auto names_alert = [](const Setting& setting) {
    return path_leaf(setting.path) == "alert";
  };
  return std::ranges::any_of(change.before, names_alert);
}

bool is_log_threshold(const Words& words) {
  return has(words,
             {"log", "logs", "logging", "logger", "loggers", "loglevel", "rootlogger", "syslog"}) &&
         (has(words, {"level", "loglevel", "threshold", "verbosity", "rootlogger", "severity"}) ||
          words.size() <= 3);
}

bool is_security(const Words& words) {
  return has(words, {"tls",           "ssl",    "https",        "auth",      "authentication",
                     "authorization", "verify", "verification", "validate",  "validation",
                     "csrf",          "acl",    "rbac",         "signature", "hostname",
                     "mtls",          "secure", "certificate",  "cert",      "encryption",
                     "encrypt",       "issuer", "audience",     "mfa",       "sslmode",
                     "sslverify"});
}

bool is_permission(const Words& words) {
  return has(words, {"anonymous", "insecure", "skip", "bypass", "permissive", "unsafe"}) ||
         (has(words, {"allow"}) && has(words, {"all", "any", "anonymous", "insecure", "empty"}));
}

bool is_limit(const Words& words) {
  if (words.empty()) return false;
  return has(words, {"limit", "limits", "quota", "ratelimit", "ceiling"}) ||
         (has(words, {"max", "maximum", "maxsize", "maxentries"}) && !has(words, {"log", "logs"}));
}

// Lists such as alert rules move when one is removed, so their values are compared as a whole.
std::size_t count_leaf(const std::vector<Setting>& settings, std::string_view leaf) {
  return static_cast<std::size_t>(std::ranges::count_if(
      settings, [&](const Setting& setting) { return path_leaf(setting.path) == leaf; }));
}

void check_alerts(const Change& change, Reasons& reasons) {
  if (!is_alert_file(change)) return;
  for (const std::string_view leaf : {"alert", "expr", "for"}) {
    bool same = count_leaf(change.before, leaf) <= count_leaf(change.after, leaf);
    for (const auto& old : change.before)
      if (path_leaf(old.path) == leaf)
        same = same && std::ranges::any_of(change.after, [&](const Setting& now) {
                 return path_leaf(now.path) == leaf && now.value == old.value;
               });
    if (!same) {
      reasons.push_back(
          fmt::format("silencing: {} removes or changes an alert rule", change.file.path));
      return;
    }
  }
}

// Why this pair of values weakens what it guards; empty if it does not.
std::string_view fault(const Was& was, const Words& words, const ReviewPolicy& policy) {
  const bool gone = was.after == nullptr;
  const std::string_view old_value =
      was.before != nullptr ? std::string_view(was.before->value) : "";
  const std::string_view value = gone ? std::string_view{} : std::string_view(was.after->value);
  if (is_probe(words) && was.before != nullptr && (gone || (is_off(value) && !is_off(old_value))))
    return "removes or disables a probe";
  if (is_log_threshold(words) && !policy.log_volume_incident && !gone) {
    const int from = was.before != nullptr ? level_rank(old_value) : level_rank("info");
    if (level_rank(value) > from && from >= 0) return "raises a log threshold";
  }
  if (is_log_threshold(words) && !gone && level_rank(value) == 9 && level_rank(old_value) != 9)
    return "turns a log off";
  if (is_permission(words) && !gone && is_on(value) && !is_on(old_value))
    return "opens what was closed";
  if (is_security(words) && !is_permission(words)) {
    if (was.before != nullptr && gone && !is_off(old_value)) return "removes a security setting";
    if (!gone && (is_off(value) || value.empty()) && !is_off(old_value) &&
        (was.before == nullptr || !old_value.empty()))
      return "weakens a security setting";
    if (!gone && value == "*" && old_value != "*") return "weakens a security setting";
  }
  if (is_limit(words) && was.before != nullptr && !is_unlimited(old_value)) {
    if (gone) return "removes a limit";
    if (is_unlimited(value)) return "takes a limit away";
  }
  return {};
}

}  // namespace

void check_settings(const Change& change, const ReviewPolicy& policy, Reasons& reasons) {
  check_alerts(change, reasons);
  for (const auto& [path, was] : pairs_of(change)) {
    if (was.before != nullptr && was.after != nullptr && was.before->value == was.after->value)
      continue;
    if (const auto why = fault(was, words_of(path), policy); !why.empty())
      reasons.push_back(fmt::format("silencing: {}: {} {}", change.file.path, path, why));
  }
}

}  // namespace healer
