#pragma once
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "types/prompt.h"
#include "types/severity.h"

namespace healer {

// What in a text names its owner's machines and people.
enum class NameKind { host, address, path, user };
template <>
struct NamesOf<NameKind> {
  static constexpr std::array<std::string_view, 4> names{"host", "address", "path", "user"};
};

inline const std::vector<NameKind> kAllNames{NameKind::host, NameKind::address, NameKind::path,
                                             NameKind::user};

// The real name behind each alias, such as "host-1": valid for one prompt and its answer.
using Aliases = std::map<std::string, std::string>;

// Puts an alias in the place of every name of these kinds in the data of a prompt, the same for the
// same name; none stands in the prompt already. Ports, file extensions, loopback addresses and the
// folders and accounts that every system has stay. Fills `aliases`. Pure.
Prompt hide_names(const Prompt& prompt, const std::vector<NameKind>& kinds, Aliases& aliases);

// The text with the real names back in it.
std::string reveal_names(std::string_view text, const Aliases& aliases);

}  // namespace healer
