#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/engine.h"

// What the engine writes into the store's opaque bytes. Rows of older releases stay readable for
// ever: tests/cases/journal holds some of each.
namespace healer {

inline constexpr int kRecordFormat = 1;

// A workflow between two steps: WorkflowRow::state.
struct Envelope {
  std::string step;  // that comes next; empty when done
  int attempt = 1;   // of that step
  WorkflowEnd end = WorkflowEnd::finished;
  std::string state;  // the workflow's own
  bool operator==(const Envelope&) const = default;
};
std::string encode(const Envelope& envelope);
Result<Envelope> decode_envelope(std::string_view bytes);

// One fact of a workflow's history: JournalRow::bytes.
enum class JournalKind { started, done, retry, failed, wait, event, intent, cancelled };
struct JournalEntry {
  JournalKind kind = JournalKind::started;
  std::string step;    // that ran; started: the first one
  std::string next;    // that comes next; empty when done
  std::string detail;  // why, or an intent's key
  int attempt = 1;
  bool operator==(const JournalEntry&) const = default;
};
std::string encode(const JournalEntry& entry);
Result<JournalEntry> decode_journal(int format, std::string_view bytes);

// For people: "done reserve#1 -> charge".
std::string describe(const JournalEntry& entry);

}  // namespace healer
