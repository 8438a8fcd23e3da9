#include <cstring>

#include "stages/analyze/knowledge.h"

namespace healer {
namespace {

// Strings with their length before them; numbers are four bytes.
class Packer {
 public:
  void number(std::size_t value) {
    const auto narrow = static_cast<std::uint32_t>(value);
    out.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
  }
  void text(std::string_view value) {
    number(value.size());
    out += value;
  }
  std::string out;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}
  std::size_t number() {
    std::uint32_t value = 0;
    if (in_.size() < sizeof value) {
      damaged = true;
      return 0;
    }
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const std::size_t size = number();
    if (size > in_.size()) damaged = true;
    std::string out(in_.substr(0, size));
    in_.remove_prefix(std::min(size, in_.size()));
    return out;
  }
  bool at_end() const { return in_.empty(); }
  bool damaged = false;

 private:
  std::string_view in_;
};

void pack(Packer& out, const std::vector<SeverityShift>& shifts) {
  out.number(shifts.size());
  for (const auto& shift : shifts) {
    out.text(shift.pattern);
    out.number(static_cast<std::size_t>(shift.severity));
  }
}

std::vector<SeverityShift> unpack_shifts(Unpacker& in) {
  std::vector<SeverityShift> out;
  for (std::size_t left = in.number(); left > 0 && !in.damaged; --left) {
    std::string pattern = in.text();
    out.push_back({std::move(pattern), static_cast<Severity>(in.number())});
  }
  return out;
}

}  // namespace

std::string pack_entries(const std::vector<KnowledgeEntry>& entries) {
  Packer out;
  for (const auto& entry : entries) {
    for (const auto* text :
         {&entry.id, &entry.product, &entry.pattern, &entry.summary, &entry.fix, &entry.source})
      out.text(*text);
    out.number(static_cast<std::size_t>(entry.severity));
    out.number(static_cast<std::size_t>(entry.category));
    pack(out, entry.raise);
    pack(out, entry.lower);
    out.number(entry.files.size());
    for (const auto& file : entry.files) out.text(file);
    out.number((entry.death ? 1U : 0U) | (entry.vague ? 2U : 0U));
  }
  return out.out;
}

Result<std::vector<KnowledgeEntry>> unpack_entries(std::string_view bytes) {
  Unpacker in(bytes);
  std::vector<KnowledgeEntry> out;
  while (!in.at_end() && !in.damaged) {
    KnowledgeEntry& entry = out.emplace_back();
    for (auto* text :
         {&entry.id, &entry.product, &entry.pattern, &entry.summary, &entry.fix, &entry.source})
      *text = in.text();
    entry.severity = static_cast<Severity>(in.number());
    entry.category = static_cast<Category>(in.number());
    entry.raise = unpack_shifts(in);
    entry.lower = unpack_shifts(in);
    for (std::size_t left = in.number(); left > 0 && !in.damaged; --left)
      entry.files.push_back(in.text());
    const std::size_t flags = in.number();
    entry.death = (flags & 1) != 0;
    entry.vague = (flags & 2) != 0;
  }
  if (in.damaged) return fail(Errc::corrupt, "the built-in knowledge is damaged");
  return out;
}

}  // namespace healer
