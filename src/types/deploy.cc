#include "types/deploy.h"

namespace healer {
namespace {

constexpr std::size_t kDigitsMin = 7, kDigitsMax = 40;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string_view commit_in(std::string_view version) {
  version = version.substr(0, version.find('@'));  // a digest names no commit
  version.remove_prefix(version.rfind('/') + 1);
  version.remove_prefix(version.find(':') + 1);
  while (!version.empty()) {
    std::size_t start = version.size(), digits = 0;
    while (start > 0 && is_word(version[start - 1]))
      digits += std::size_t{is_hex(version[--start])};
    const std::string_view word = version.substr(start);
    if (digits == word.size() && digits >= kDigitsMin && digits <= kDigitsMax) return word;
    version = version.substr(0, start == 0 ? 0 : start - 1);
  }
  return {};
}

}  // namespace healer
