#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "stages/ingest/payload.h"
#include "types/alert.h"
#include "types/log_record.h"

namespace healer {

struct IngestLimits {
  std::size_t line_bytes_max = limits::kLineBytesMax;    // longer lines are cut and marked
  std::size_t event_lines_max = limits::kEventLinesMax;  // joined lines of one event
  std::size_t event_bytes_max = limits::kEventBytesMax;
  Millis hold_max = limits::kEventHoldMax;  // an open event waits no longer for its next line
};

// What one source has open between payloads: the last event, which its next line may continue, and
// the shape of its headers. One per source key; not thread-safe; movable.
class StreamState {
 public:
  StreamState();
  ~StreamState();
  StreamState(StreamState&&) noexcept;
  StreamState& operator=(StreamState&&) noexcept;

  // Bytes given to ingest() whose records are not out yet. A checkpoint is safe `held_bytes()`
  // before the end of the last payload (sources/tail: Checkpoint::before).
  std::size_t held_bytes() const;
  // When flush() will let the open event go; 0 if none is open.
  UnixMs flush_at() const;

  struct Open;
  Open& parts() { return *open_; }

 private:
  std::unique_ptr<Open> open_;
};

// Bytes into records: finds headers, joins the lines of one event, reads JSON of any usual shape.
// Never fails: a line of no known form is a record with `parsed == false`. Pure; O(bytes). Records
// point into the batch. Attributes it sets: pid, thread, status (HTTP), method, path, error.type,
// truncated, stack, trace_id, alert.* (see alert_attribute below) and the scalars of a JSON line.
RecordBatch ingest(StreamState& state, RawPayload payload, UnixMs now,
                   const IngestLimits& bounds = {});

// The open event as a batch if it has waited long enough, or in any case if `force`.
RecordBatch flush(StreamState& state, UnixMs now, bool force = false,
                  const IngestLimits& bounds = {});

// For routes that must refuse malformed JSON: `json` and `alertmanager` bodies must parse (the
// error names line and column), `automatic` becomes the format found; text and NDJSON always pass.
Result<PayloadFormat> classify_body(std::string_view body, PayloadFormat hint);

// Alertmanager's webhook v4 body, its /api/v2/alerts array, or one alert object. `now` decides
// whether an alert without status is over. invalid_input names what is wrong and where.
Result<std::vector<Alert>> parse_alerts(std::string_view body, UnixMs now);

// One record an alert; message is its summary. Appended to `batch`.
void append_alert(RecordBatch& batch, const Alert& alert, std::string_view source, UnixMs now);

// Attribute keys of records that are alerts: the miner takes the sender's fingerprint from them.
namespace alert_attribute {
inline constexpr std::string_view kFingerprint = "alert.fingerprint";
inline constexpr std::string_view kStatus = "alert.status";  // firing | resolved
}  // namespace alert_attribute

// Empty if the record has no such attribute.
std::string_view attribute(const LogRecord& record, std::string_view key);

}  // namespace healer
