#include "stages/fix/history.h"

#include <map>

#include "base/limits.h"
#include "edit/editor.h"

namespace healer {
namespace {

// What a setting is called across versions of a file: an item of a list goes by its `name` sibling,
// or by `KEY=` of its text, because inserting one item moves all that follow.
std::string identity(const Setting& setting,
                     const std::map<std::string_view, std::string_view>& all) {
  std::string out;
  const std::string_view path = setting.path;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t close = path[at] == '[' ? path.find(']', at) : std::string_view::npos;
    if (close == std::string_view::npos) {
      out += path[at++];
      continue;
    }
    const std::string sibling = std::string(path.substr(0, close + 1)) + ".name";
    const auto named = all.find(sibling);
    const std::size_t equals = setting.value.find('=');
    if (named != all.end())
      out.append("[name=").append(named->second).append("]");
    else if (close + 1 == path.size() && equals != std::string::npos && equals > 0)
      out.append("[").append(setting.value, 0, equals).append("=]");
    else
      out.append(path.substr(at, close + 1 - at));
    at = close + 1;
  }
  return out;
}

// The first of equal identities counts; others are lists that cannot be told apart.
std::map<std::string, Setting> by_identity(const std::vector<Setting>& settings) {
  std::map<std::string_view, std::string_view> all;
  for (const auto& setting : settings) all.emplace(setting.path, setting.value);
  std::map<std::string, Setting> out;
  for (const auto& setting : settings) out.emplace(identity(setting, all), setting);
  return out;
}

}  // namespace

std::vector<SettingChange> setting_changes(const CommitInfo& commit, std::string_view file,
                                           std::string_view before, std::string_view after) {
  std::vector<SettingChange> out;
  const auto format = format_of(file);
  if (!format || before == after) return out;
  if (before.size() > limits::kRepoFileBytesMax || after.size() > limits::kRepoFileBytesMax)
    return out;
  const auto old_settings =
      before.empty() ? Result<std::vector<Setting>>{} : settings_of(*format, before);
  const auto new_settings =
      after.empty() ? Result<std::vector<Setting>>{} : settings_of(*format, after);
  if (!old_settings || !new_settings) return out;
  const auto was = by_identity(*old_settings), is = by_identity(*new_settings);
  const auto add = [&](const std::string& path, std::string old_value, std::string new_value) {
    out.push_back({commit.commit, commit.time, std::string(file), path, std::move(old_value),
                   std::move(new_value), commit.subject});
  };
  for (const auto& [key, setting] : is) {
    const auto old = was.find(key);
    if (old == was.end())
      add(setting.path, "", setting.value);
    else if (old->second.value != setting.value)
      add(setting.path, old->second.value, setting.value);
  }
  for (const auto& [key, setting] : was)
    if (!is.contains(key)) add(setting.path, setting.value, "");
  return out;
}

}  // namespace healer
