#pragma once
#include <string>
#include <string_view>

namespace healer {

// Appends the first line of `message` to `out` with everything that varies between two occurrences
// of one failure as "<*>" (numbers, ids, hex, addresses, times, paths, URLs, quoted text, values of
// key=value) and blanks as one space. One pass, no allocation beyond `out`. O(bytes), at most
// kMaskBytesMax of them.
void mask_line(std::string_view message, std::string& out);

inline constexpr std::size_t kMaskBytesMax = 2048;
inline constexpr std::string_view kWildcard = "<*>";

}  // namespace healer
