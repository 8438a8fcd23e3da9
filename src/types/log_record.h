#pragma once
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "types/fields.h"

namespace healer {

enum class Level { unknown, trace, debug, info, notice, warning, error, critical };
template <>
struct NamesOf<Level> {
  static constexpr std::array<std::string_view, 8> names{"unknown", "trace",   "debug", "info",
                                                         "notice",  "warning", "error", "critical"};
};

struct Attribute {
  std::string_view key, value;
};

// The unified record: one event, of one or more lines. Text points into the owning RecordBatch.
struct LogRecord {
  UnixMs time = 0;             // as the line says; arrival if it says nothing
  UnixMs arrival = 0;          // when healer received it
  std::string_view service;    // from healer.yaml; empty if no service claims it
  std::string_view source;     // file path, webhook key, "alertmanager", …
  std::string_view host;       // host or instance that wrote it
  std::string_view version;    // deployed commit or image, where the line or its labels say
  std::string_view component;  // program, logger or unit named in the header
  Level level = Level::unknown;
  std::string_view message;  // without its header; several lines joined by \n
  std::vector<Attribute> attributes;
  std::string_view raw;  // the whole event as it came
  bool parsed = false;   // false: no header was recognised, message == raw
};

// Owns the bytes of its records. Move-only; what outlives the batch copies.
struct RecordBatch {
  std::deque<std::string> bytes;  // a deque: growing never moves what records point into
  std::vector<LogRecord> records;

  RecordBatch() = default;
  RecordBatch(RecordBatch&&) = default;
  RecordBatch& operator=(RecordBatch&&) = default;

  std::string_view own(std::string text) { return bytes.emplace_back(std::move(text)); }
};

}  // namespace healer
