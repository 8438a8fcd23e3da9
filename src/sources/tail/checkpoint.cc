#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sources/tail/tail.h"

namespace healer {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::uint64_t kHeadBytesMax = 4096;

}  // namespace

std::string Checkpoint::key() const { return fmt::format("tail:{}:{}", device, inode); }

Checkpoint Checkpoint::before(std::size_t held_bytes) const {
  Checkpoint out = *this;
  out.offset -= std::min<std::uint64_t>(held_bytes, offset);
  return out;
}

std::string Checkpoint::bytes() const {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {}", kVersion, device, inode, offset,
                     head_bytes, head_hash, skipping ? 1 : 0, truncated.offset,
                     truncated.head_bytes, truncated.head_hash, path);
}

Result<Checkpoint> Checkpoint::from_bytes(std::string_view bytes) {
  const auto corrupt = [] {
    return fail(Errc::corrupt, "a tail checkpoint is not in the form that this release writes");
  };
  std::array<std::uint64_t, 10> fields{};
  const char* at = bytes.data();
  const char* end = bytes.data() + bytes.size();
  for (auto& field : fields) {
    const auto [next, error] = std::from_chars(at, end, field);
    if (error != std::errc{} || next == end || *next != ' ') return corrupt();
    at = next + 1;
  }
  if (fields[0] != 1 || fields[4] > kHeadBytesMax || fields[6] > 1) return corrupt();
  return Checkpoint{{.offset = fields[3], .head_bytes = fields[4], .head_hash = fields[5]},
                    std::string(at, end),
                    fields[1],
                    fields[2],
                    fields[6] == 1,
                    {.offset = fields[7], .head_bytes = fields[8], .head_hash = fields[9]}};
}

}  // namespace healer
