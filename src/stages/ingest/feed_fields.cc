#include <algorithm>
#include <optional>

#include "stages/ingest/chars.h"
#include "stages/ingest/line_feed.h"

namespace healer {
namespace {

// Copies many short texts into one allocation of the batch.
class Packer {
 public:
  void add(std::string_view& slot) { slots_.push_back({&slot, 0}); }
  void add(std::string_view& slot, std::string_view glue) { slots_.push_back({&slot, 0, glue}); }

  void pack(RecordBatch& batch) {
    std::size_t size = 0;
    for (const auto& slot : slots_) size += slot.text->size() + slot.glue.size();
    std::string bytes;
    bytes.reserve(std::max<std::size_t>(size, 32));  // never in the string itself: views would move
    for (auto& slot : slots_) {
      bytes += slot.glue;
      slot.at = bytes.size();
      bytes += *slot.text;
    }
    const std::string_view kept = batch.own(std::move(bytes));
    for (const auto& slot : slots_) *slot.text = kept.substr(slot.at, slot.text->size());
  }

 private:
  struct Slot {
    std::string_view* text;
    std::size_t at;
    std::string_view glue = {};
  };
  std::vector<Slot> slots_;
};

std::string_view or_else(std::string_view first, std::string_view second) {
  return first.empty() ? second : first;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

bool LineFeed::structured(std::string_view raw, std::string_view content, const LineHints& hints,
                          bool padded, int depth) {
  const auto level = static_cast<std::size_t>(depth);
  Fields& fields = open_.fields[level];
  if (!open_.json[level].read_object(content, padded, arrival_, fields)) return false;
  const bool bare = fields.level == Level::unknown && fields.error.empty() && fields.stack.empty();
  const std::string_view inner = !fields.log.empty() && fields.message.empty() ? fields.log
                                 : bare && fields.log.empty()                  ? fields.message
                                                                               : std::string_view{};
  if (!inner.empty() && depth < 2) {
    raw_lines(inner, raw, hints, fields, depth);
    return true;
  }
  if (fields.message.empty()) fields.message = fields.log;
  close();
  emit_fields(fields, raw, hints);
  return true;
}

// A shipper wrapped lines as the program wrote them: they are read as if they came alone.
void LineFeed::raw_lines(std::string_view text, std::string_view raw, const LineHints& hints,
                         const Fields& fields, int depth) {
  LineHints inner = hints;
  inner.source = or_else(fields.source, hints.source);
  inner.host = or_else(fields.host, hints.host);
  inner.service = or_else(hints.service, fields.service);
  inner.version = or_else(fields.version, hints.version);
  inner.component = or_else(fields.component, hints.component);
  if (fields.time != 0) inner.time = fields.time;
  if (fields.level != Level::unknown) inner.level = fields.level;
  Packer packer;
  packer.add(text);
  for (auto* slot : {&inner.source, &inner.host, &inner.service, &inner.version, &inner.component})
    packer.add(*slot);
  packer.pack(batch_);
  while (!text.empty()) {
    std::string_view one = first_line(text);
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    if (!one.empty() && one.back() == '\r') one.remove_suffix(1);
    line(raw, one, inner, false, depth + 1);
  }
}

void LineFeed::emit_fields(const Fields& fields, std::string_view raw, const LineHints& hints) {
  LogRecord record;
  std::string_view message = or_else(fields.message, or_else(fields.error, fields.stack));
  std::string_view error = fields.error, stack = fields.stack;
  if (message.find(error) != std::string_view::npos) error = {};
  if (message.data() == stack.data()) stack = {};
  if (!stack.empty() && stack.starts_with(first_line(message)) && !message.empty()) {
    message = stack;  // the stack says it all again, with its frames
    stack = {};
  }
  if (stack.find(error) != std::string_view::npos) error = {};
  message = message.substr(0, bounds_.event_bytes_max);
  stack = stack.substr(0, bounds_.event_bytes_max);
  const std::string_view start = message;
  record.host = or_else(fields.host, hints.host);
  record.component = or_else(fields.component, hints.component);
  record.service = or_else(hints.service, fields.service);
  record.source = or_else(fields.source, hints.source);
  record.version = or_else(fields.version, hints.version);
  record.attributes = fields.rest;
  Packer packer;
  packer.add(message);
  if (!error.empty()) packer.add(error, ": ");
  if (!stack.empty()) packer.add(stack, "\n");
  for (auto* slot :
       {&record.host, &record.component, &record.service, &record.source, &record.version})
    packer.add(*slot);
  for (auto& attribute : record.attributes) {
    packer.add(attribute.key);
    packer.add(attribute.value);
  }
  packer.pack(batch_);
  const char* end = message.data() + message.size();
  if (!error.empty()) end = error.data() + error.size();
  if (!stack.empty()) end = stack.data() + stack.size();
  record.message = start.empty() ? raw : std::string_view(message.data(), end);
  record.raw = raw;
  record.arrival = arrival_;
  record.time = fields.time != 0 ? fields.time : hints.time != 0 ? hints.time : arrival_;
  record.level = fields.level != Level::unknown ? fields.level : hints.level;
  if (record.level == Level::unknown) record.level = leading_level(record.message);
  record.parsed = true;
  batch_.records.push_back(std::move(record));
}

}  // namespace healer
