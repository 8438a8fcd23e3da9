#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "stages/ingest/event_join.h"
#include "stages/ingest/ingest.h"
#include "stages/ingest/structured.h"

namespace healer {

struct StreamState::Open {
  std::string held;     // the open event and what follows it, as it came
  std::size_t cut = 0;  // bytes of an unended line that were dropped
  UnixMs since = 0;     // when bytes last came for it
  Millis hold_max{0};
  std::string source, host, service;  // of the last payload
  EventShape swallowing;  // open: an event hit its limit, and what continues it is dropped
  JsonReader json[3];     // one per depth: JSON inside JSON
  Fields fields[3];
  std::vector<std::string> scratch;
};

// What is known of a line besides its text.
struct LineHints {
  std::string_view source, host, service, version, component;
  UnixMs time = 0;
  Level level = Level::unknown;
};

// Turns lines into events and events into records of one batch.
class LineFeed {
 public:
  LineFeed(StreamState::Open& open, RecordBatch& batch, UnixMs arrival, const IngestLimits& bounds)
      : open_(open), batch_(batch), arrival_(arrival), bounds_(bounds) {}

  // Lines of `text`, which the batch owns and `padding` readable bytes follow.
  void text(std::string_view text, bool padded, const LineHints& hints);
  // One JSON object (or a plain line) of a body.
  void element(std::string_view text, const LineHints& hints);
  void close();  // emits the open event

  // Start of the open event within the last text(); npos if there is none or it is complete.
  const char* open_begin() const {
    return event_.open && !event_.complete ? event_.begin : nullptr;
  }

 private:
  struct Event : EventShape {
    const char* begin = nullptr;  // raw bytes, if contiguous
    const char* end = nullptr;
    const char* message = nullptr;
    std::string joined;  // message, where the lines are not contiguous
    bool scattered = false, truncated = false, complete = false, partial = false;
    Header header;
    LineHints hints;
  };

  void line(std::string_view raw, std::string_view content, const LineHints& hints, bool padded,
            int depth);
  bool structured(std::string_view raw, std::string_view content, const LineHints& hints,
                  bool padded, int depth);
  void emit_fields(const Fields& fields, std::string_view raw, const LineHints& hints);
  void begin(std::string_view raw, std::string_view content, const LineHints& hints,
             const Header& header);
  void extend(std::string_view raw, std::string_view content);
  void raw_lines(std::string_view text, std::string_view raw, const LineHints& hints,
                 const Fields& fields, int depth);

  StreamState::Open& open_;
  RecordBatch& batch_;
  UnixMs arrival_;
  const IngestLimits& bounds_;
  std::string_view
      region_;  // the text whose lines are being read: only within it is raw contiguous
  Event event_;
};

}  // namespace healer
