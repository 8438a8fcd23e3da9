#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace healer {

// One setting that one commit changed. The caller walks the base branch, newest commit first.
struct SettingChange {
  std::string commit;
  UnixMs time = 0;  // of the author
  std::string file;
  std::string path;       // key path, as edit/editor.h prints it
  std::string old_value;  // empty: the commit added the setting
  std::string new_value;  // empty: the commit removed it
  std::string subject;    // of the commit: data, only ever quoted
};

struct CommitInfo {
  std::string commit;
  UnixMs time = 0;
  std::string subject;
};

// What the commit changed in the settings of `file`; nothing where the format has no editor or a
// side does not parse. Empty text stands for "not there". Pure.
std::vector<SettingChange> setting_changes(const CommitInfo& commit, std::string_view file,
                                           std::string_view before, std::string_view after);

}  // namespace healer
