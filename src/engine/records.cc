#include "engine/records.h"

#include <fmt/core.h>

#include <array>

namespace healer {

namespace {

constexpr std::array<std::string_view, 8> kKindNames{"started", "done",  "retry",  "failed",
                                                     "wait",    "event", "intent", "cancelled"};

void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xff);
}

void put_text(std::string& out, std::string_view text) {
  put_u32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

// Reads what put_* wrote; once something does not fit, `bad` stays set and all else is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint32_t u32() {
    if (rest_.size() < 4) return give_up();
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      value |= std::uint32_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    }
    rest_.remove_prefix(4);
    return value;
  }
  std::string text() {
    const std::uint32_t size = u32();
    if (size > rest_.size()) give_up();
    if (bad) return {};
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  std::string all() { return std::string(std::exchange(rest_, {})); }
  bool complete() const { return !bad && rest_.empty(); }

  bool bad = false;

 private:
  std::uint32_t give_up() {
    bad = true;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
};

std::unexpected<Error> unreadable(std::string_view what, std::uint32_t format) {
  if (format > static_cast<std::uint32_t>(kRecordFormat)) {
    return fail(Errc::unsupported,
                fmt::format("engine: a {} has format {}, this release reads up to {}", what, format,
                            kRecordFormat));
  }
  return fail(Errc::corrupt, fmt::format("engine: a {} cannot be read", what));
}

}  // namespace

std::string encode(const Envelope& envelope) {
  std::string out;
  out.reserve(envelope.state.size() + envelope.step.size() + 16);
  put_u32(out, kRecordFormat);
  put_text(out, envelope.step);
  put_u32(out, static_cast<std::uint32_t>(envelope.attempt));
  put_u32(out, static_cast<std::uint32_t>(envelope.end));
  out += envelope.state;
  return out;
}

Result<Envelope> decode_envelope(std::string_view bytes) {
  Reader reader(bytes);
  const std::uint32_t format = reader.u32();
  if (format != 1) return unreadable("workflow", format);
  Envelope envelope;
  envelope.step = reader.text();
  envelope.attempt = static_cast<int>(reader.u32());
  const std::uint32_t end = reader.u32();
  if (reader.bad || end > 2) return unreadable("workflow", format);
  envelope.end = static_cast<WorkflowEnd>(end);
  envelope.state = reader.all();
  return envelope;
}

std::string encode(const JournalEntry& entry) {
  std::string out;
  put_u32(out, static_cast<std::uint32_t>(entry.kind));
  put_u32(out, static_cast<std::uint32_t>(entry.attempt));
  put_text(out, entry.step);
  put_text(out, entry.next);
  put_text(out, entry.detail);
  return out;
}

Result<JournalEntry> decode_journal(int format, std::string_view bytes) {
  if (format != 1) return unreadable("journal row", static_cast<std::uint32_t>(format));
  Reader reader(bytes);
  const std::uint32_t kind = reader.u32();
  JournalEntry entry;
  entry.attempt = static_cast<int>(reader.u32());
  entry.step = reader.text();
  entry.next = reader.text();
  entry.detail = reader.text();
  if (!reader.complete() || kind >= kKindNames.size()) return unreadable("journal row", 1);
  entry.kind = static_cast<JournalKind>(kind);
  return entry;
}

std::string describe(const JournalEntry& entry) {
  std::string out = fmt::format("{} {}#{}", kKindNames[static_cast<std::size_t>(entry.kind)],
                                entry.step, entry.attempt);
  if (!entry.next.empty()) out += " -> " + entry.next;
  if (!entry.detail.empty()) out += ": " + entry.detail;
  return out;
}

}  // namespace healer
