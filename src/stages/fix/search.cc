#include "stages/fix/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <tuple>

#include "base/glob.h"
#include "stages/fix/value.h"
#include "types/mask.h"
#include "types/yaml.h"

namespace healer {
namespace {

constexpr Millis kSkew{120'000};  // clocks of people and machines differ
constexpr Millis kDay{86'400'000};
constexpr double kInfinite = std::numeric_limits<double>::infinity();

struct Spot {  // one setting that a rule of the playbook speaks of
  const RepoSetting& setting;
  const SettingRule& rule;
  std::vector<std::string> words, others;
  bool linked = false;      // the log speaks of this very setting
  bool is_current = false;  // the log shows its present value
  bool doubtful = false;    // it shows another one
};

std::string place(const Spot& spot) {
  return fmt::format("{} in {}", spot.setting.name, spot.setting.file);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_one_of(const std::vector<std::string>& words, std::string_view value) {
  return std::ranges::find(words, lower(value)) != words.end();
}

bool is_unlimited(const SettingRule& rule, std::string_view value) {
  return is_one_of(rule.unlimited, value);
}

// Whether the rule speaks of such a setting: by its name's words and the value it has now.
bool applies(const SettingRule& rule, const std::vector<std::string>& words,
             std::string_view value) {
  if (std::ranges::any_of(words, [&](const auto& word) { return is_one_of(rule.without, word); }))
    return false;
  if (!rule.present.empty() && !is_one_of(rule.present, value)) return false;
  return is_unlimited(rule, value) || is_value(rule.type, value);
}

// The value as a number that can be compared; nullopt where it has none.
std::optional<double> weight(const Spot& spot, std::string_view value) {
  if (is_unlimited(spot.rule, value)) return kInfinite;
  const auto number = quantity(spot.rule.type, value, spot.words);
  return number ? std::optional(number->base) : std::nullopt;
}

enum class Reach { near, any };  // whether `factor_max` holds

// Why `value` must not be written there; empty if it may.
std::string fault(const Spot& spot, std::string_view value, EditSource source, Reach reach) {
  const SettingRule& rule = spot.rule;
  if (value == spot.setting.value) return "it has that value";
  if (!is_value(rule.type, value)) return fmt::format("it would be no {}", to_string(rule.type));
  if (!rule.allowed.empty() && !is_one_of(rule.allowed, value)) return "it is not allowed";
  if (has_secret(fmt::format("{}={}", spot.setting.name, value))) return "it is a secret";
  if (!has_number(rule.type)) return {};
  const auto now = weight(spot, spot.setting.value), then = weight(spot, value);
  if (!then || *then == kInfinite) return "it would have no bound";
  if (!now) return fmt::format("its present value is no {}", to_string(rule.type));
  if (rule.direction == Direction::up && *then <= *now) return "it would not be raised";
  if (rule.direction == Direction::down && *then >= *now) return "it would not be lowered";
  const auto number = quantity(rule.type, value, spot.words);
  if (!number->unit_known) {
    if (source == EditSource::scale) return "its unit is not known";
  } else if ((rule.min && *then < *rule.min) || (rule.max && *then > *rule.max)) {
    return fmt::format("{} is out of bounds", value);
  }
  if (reach == Reach::any || *now == kInfinite || *now == 0) return {};
  if (*then > *now * rule.factor_max || *then < *now / rule.factor_max)
    return fmt::format("{} is more than {:.0f} times away", value, rule.factor_max);
  return {};
}

bool is_address(std::string_view host) {
  return std::ranges::all_of(host, [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.' || c == ':';
  });
}

std::string same_host(std::string_view host) {
  return host == "127.0.0.1" || host == "::1" ? "localhost" : lower(host);
}

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  return colon != std::string_view::npos && is_value(ValueType::host, host) ? host.substr(0, colon)
                                                                            : host;
}

enum class Shown { nothing, same, other };

// Whether `value` stands in the log as a word of its own; numbers only where they are a port.
bool stands_in(std::string_view text, std::string_view value, ValueType type) {
  const auto is_part = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  };
  if (has_number(type) || value.size() < 2) return false;
  for (auto at = text.find(value); at != std::string_view::npos; at = text.find(value, at + 1)) {
    const std::size_t end = at + value.size();
    if ((at > 0 && is_part(text[at - 1])) || (end < text.size() && is_part(text[end]))) continue;
    if (type != ValueType::port) return true;
    const auto before =
        text.substr(at - std::min<std::size_t>(at, 6), std::min<std::size_t>(at, 6));
    if ((before.ends_with(':') && !before.ends_with("::")) || before.contains("port")) return true;
  }
  return false;
}

// Whether the log shows the setting's present value, or another one.
Shown shown(const Spot& spot, const Match& match, std::string_view text) {
  if (spot.rule.current.empty()) return Shown::nothing;
  if (stands_in(text, spot.setting.value, spot.rule.type)) return Shown::same;
  const auto it = match.captured.find(spot.rule.current);
  if (it == match.captured.end()) return Shown::nothing;
  const std::string &seen = it->second, &value = spot.setting.value;
  if (spot.rule.type == ValueType::url) {
    if (value.contains(seen)) return Shown::same;
    return is_address(seen) ? Shown::nothing : Shown::other;
  }
  if (spot.rule.type == ValueType::host) {
    const auto a = without_port(seen), b = without_port(value);
    if (same_host(a) == same_host(b)) return Shown::same;
    return is_address(a) != is_address(b) ? Shown::nothing : Shown::other;
  }
  const auto a = weight(spot, seen), b = weight(spot, value);
  if (a && b) return *a == *b ? Shown::same : Shown::other;
  return lower(seen) == lower(value) ? Shown::same : Shown::other;
}

// Words that half of all settings have tell nothing.
bool is_telling(const std::string& word) {
  static constexpr std::array<std::string_view, 34> kCommon{
      "config",     "settings",    "default",     "value",  "name",    "host",   "port",
      "address",    "server",      "service",     "client", "size",    "limit",  "limits",
      "enabled",    "path",        "base",        "main",   "spec",    "data",   "timeout",
      "production", "environment", "system",      "prod",   "options", "level",  "file",
      "user",       "connection",  "connections", "http",   "error",   "request"};
  return word.size() >= 3 && std::ranges::find(kCommon, word) == kCommon.end();
}

double relevance(const Ground& ground, const Spot& spot) {
  double score = spot.is_current ? 0.06 : 0;
  int telling = 0;
  for (const auto& word : spot.others)
    if (is_telling(word) && ground.symptom.words.contains(word)) ++telling;
  score += 0.04 * std::min(telling, 2);
  const std::string service = lower(ground.symptom.finding.service);
  const auto parts = name_words(spot.setting.file);
  const bool mine =
      !service.empty() && (lower(fmt::format("/{}", spot.setting.file)).contains("/" + service) ||
                           std::ranges::find(parts, service) != parts.end() ||
                           std::ranges::find(spot.words, service) != spot.words.end());
  return score + (mine ? 0.08 : 0);
}

SettingEdit edit_of(const Spot& spot, std::string_view value) {
  const Setting& setting = spot.setting.setting;
  return {spot.setting.file,        EditOp::set, setting.path, setting.value,
          spot.setting.with(value), setting.line};
}

Candidate candidate(const Ground& ground, const Match& match, const Spot& spot, EditSource source,
                    std::string_view value, double base, std::string fact) {
  Candidate out{match.playbook, source, {edit_of(spot, value)}, {spot.setting.name}, {}, {}, 0};
  out.score = base + relevance(ground, spot) + (match.strength - 0.8) * 0.2;
  if (spot.rule.direction == Direction::any && !spot.linked && !spot.is_current) out.score -= 0.15;
  // A claim is told by either side, so another one in the log only weakens.
  if (spot.doubtful) out.score -= 0.15;
  out.doubtful = spot.doubtful;
  out.facts.push_back(std::move(fact));
  if (spot.is_current)
    out.facts.push_back(fmt::format("The log shows its present value, {}.", spot.setting.value));
  return out;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kQuoteMax = 120;
  std::string out = mask(text.substr(0, kQuoteMax)).str();
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == '`') c = ' ';
  return text.size() > kQuoteMax ? out + " …" : out;
}

// The change that gave the setting its present value; nullptr if history does not know it.
const SettingChange* last_change(const Ground& ground, const RepoSetting& setting) {
  for (const auto& change : ground.history)
    if (change.file == setting.file && change.path == setting.setting.path)
      return change.new_value == setting.setting.value ? &change : nullptr;
  return nullptr;
}

// A failure that is older than all that is known of the repository comes from another clock: a log
// that was kept, a history that was written anew. Then times say nothing about causes.
bool times_compare(const Ground& ground) {
  return ground.symptom.began != 0 && !ground.history.empty() && ground.history.back().time != 0 &&
         ground.symptom.began >= ground.history.back().time - kSkew.count();
}

void restore(const Ground& ground, const Match& match, const Spot& spot,
             std::vector<Candidate>& out, std::vector<std::string>& reasons) {
  const SettingChange* change = last_change(ground, spot.setting);
  if (change == nullptr || change->old_value.empty()) return;
  std::string_view value = change->old_value;
  const auto& [prefix, suffix] = std::tie(spot.setting.prefix, spot.setting.suffix);
  if (value.size() < prefix.size() + suffix.size() || !value.starts_with(prefix) ||
      !value.ends_with(suffix))
    return;
  value = value.substr(prefix.size(), value.size() - prefix.size() - suffix.size());
  if (const std::string why = fault(spot, value, EditSource::restore, Reach::any); !why.empty()) {
    reasons.push_back(fmt::format("{}: not back to {}: {}", place(spot), quoted(value), why));
    return;
  }
  double base = 0.85;
  std::string when;
  if (times_compare(ground) && change->time != 0) {
    const Millis age{ground.symptom.began - change->time};
    if (age < -kSkew) {
      reasons.push_back(
          fmt::format("{}: its last change came after the failure began", place(spot)));
      return;
    }
    base = age <= kDay ? 0.95 : age <= 7 * kDay ? 0.9 : age <= 30 * kDay ? 0.85 : 0.65;
    const Millis whole{std::max<std::int64_t>(age.count() / 1000, 0) * 1000};
    when = fmt::format(", {} before the failure began", format_duration(whole));
  }
  out.push_back(candidate(
      ground, match, spot, EditSource::restore, value, base,
      fmt::format("Commit {} (\"{}\") changed {} from {} to {}{}; {} is the last value known to "
                  "work.",
                  change->commit.substr(0, 12), quoted(change->subject), place(spot),
                  quoted(change->old_value), quoted(change->new_value), when, quoted(value))));
  out.back().commit = change->commit;
}

// How far a written value can be trusted; 0: not for this type.
double trust(const DocumentedValue& doc, const Spot& spot) {
  using Kind = DocumentedValue::Kind;
  const bool in_config = doc.file == spot.setting.file;  // a comment beside it: often out of date
  if (doc.kind == Kind::recommended) return in_config ? 0.55 : 0.75;
  if (!has_number(spot.rule.type)) {
    // Hosts of examples belong to other places, but for the one that was only misspelt.
    return !nearest_word(spot.setting.value, {doc.value}).empty() && doc.value.size() >= 6 ? 0.7
                                                                                           : 0;
  }
  if (doc.kind == Kind::example) return 0.65;
  return in_config ? 0.55 : 0.6;
}

bool speaks_of(const DocumentedValue& doc, const Spot& spot) {
  const auto words = name_words(doc.name);
  if (words.empty()) return false;
  const auto ends_with = [](const auto& longer, const auto& shorter) {
    return shorter.size() <= longer.size() &&
           std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin());
  };
  if (words.size() == 1 && spot.words.size() > 1) return false;  // `size` may be anything's
  return ends_with(spot.words, words) || (spot.words.size() > 1 && ends_with(words, spot.words));
}

void documented(const Ground& ground, const Match& match, const Spot& spot,
                std::vector<Candidate>& out, std::vector<std::string>& reasons) {
  for (const auto& doc : ground.repo.docs) {
    if (!speaks_of(doc, spot)) continue;
    const double base = trust(doc, spot);
    if (base == 0) continue;
    std::string value = doc.value;
    const auto now = quantity(spot.rule.type, spot.setting.value, spot.words);
    const auto then = quantity(spot.rule.type, doc.value, name_words(doc.name));
    if (now && then && now->unit_known && then->unit_known)
      if (const auto written = written_like(then->base, *now)) value = *written;
    if (value == spot.setting.value) continue;
    const bool asked_for = doc.kind == DocumentedValue::Kind::recommended;
    if (const std::string why =
            fault(spot, value, EditSource::documented, asked_for ? Reach::any : Reach::near);
        !why.empty()) {
      reasons.push_back(
          fmt::format("{}: not the documented {}: {}", place(spot), quoted(value), why));
      continue;
    }
    out.push_back(candidate(ground, match, spot, EditSource::documented, value, base,
                            fmt::format("{}:{} documents {} as {}.", doc.file, doc.line,
                                        quoted(doc.name), quoted(doc.value))));
  }
}

void constant(const Ground& ground, const Match& match, const Spot& spot,
              std::vector<Candidate>& out, std::vector<std::string>& reasons) {
  if (lower(spot.setting.value) == lower(spot.rule.constant)) return;
  if (const std::string why = fault(spot, spot.rule.constant, EditSource::constant, Reach::near);
      !why.empty()) {
    reasons.push_back(fmt::format("{}: not to {}: {}", place(spot), spot.rule.constant, why));
    return;
  }
  out.push_back(candidate(ground, match, spot, EditSource::constant, spot.rule.constant, 0.6,
                          fmt::format("{} is {}; the playbook's safe value is {}.", place(spot),
                                      quoted(spot.setting.value), spot.rule.constant)));
}

void scale(const Ground& ground, const Match& match, const Spot& spot, std::vector<Candidate>& out,
           std::vector<std::string>& reasons) {
  const SettingRule& rule = spot.rule;
  const auto now = quantity(rule.type, spot.setting.value, spot.words);
  if (!now || is_unlimited(rule, spot.setting.value)) return;
  double base = rule.direction == Direction::up ? now->base * rule.factor : now->base / rule.factor;
  if (rule.max) base = std::min(base, *rule.max);
  if (rule.min) base = std::max(base, *rule.min);
  base = std::ceil(base / now->unit) * now->unit;
  const auto value = written_like(base, *now);
  if (!value) return;
  if (const std::string why = fault(spot, *value, EditSource::scale, Reach::near); !why.empty()) {
    reasons.push_back(fmt::format("{}: not to {}: {}", place(spot), *value, why));
    return;
  }
  const std::string_view verb = rule.direction == Direction::up ? "raised" : "lowered";
  out.push_back(candidate(ground, match, spot, EditSource::scale, *value, 0.5,
                          fmt::format("{} is {}; it is {} one step, inside its bounds.",
                                      place(spot), quoted(spot.setting.value), verb)));
  out.back().raises = rule.direction == Direction::up;
}

void from_spot(const Ground& ground, const Match& match, const Spot& spot,
               std::vector<Candidate>& out, std::vector<std::string>& reasons) {
  for (const EditSource source : spot.rule.sources) switch (source) {
      case EditSource::restore: restore(ground, match, spot, out, reasons); break;
      case EditSource::documented: documented(ground, match, spot, out, reasons); break;
      case EditSource::constant: constant(ground, match, spot, out, reasons); break;
      case EditSource::scale: scale(ground, match, spot, out, reasons); break;
    }
}

}  // namespace

std::vector<Candidate> candidates(const Ground& ground, const Match& match,
                                  std::vector<std::string>& reasons) {
  std::vector<Candidate> out;
  for (const auto& setting : ground.repo.settings) {
    const auto words = name_words(setting.name);
    if (words.empty() || !may_edit(ground, *match.playbook, setting.file)) continue;
    for (const auto& rule : match.playbook->settings) {
      if (!applies(rule, words, setting.value)) continue;
      const auto name = std::ranges::find_if(
          rule.names, [&](const std::string& pattern) { return name_matches(pattern, words); });
      if (name == rule.names.end()) continue;
      Spot spot{setting, rule, words, other_words(*name, words)};
      const Shown now = shown(spot, match, ground.symptom.text);
      spot.is_current = now == Shown::same;
      spot.linked = std::ranges::any_of(words, [&](const std::string& word) {
        return is_telling(word) && ground.symptom.words.contains(word);
      });
      spot.doubtful = now == Shown::other;
      if (spot.doubtful && spot.rule.type != ValueType::word) {
        reasons.push_back(fmt::format("{}: the log shows another value than its {}", place(spot),
                                      quoted(setting.value)));
      } else {
        from_spot(ground, match, spot, out, reasons);
      }
      break;
    }
  }
  return out;
}

}  // namespace healer
