#include "stages/ingest/ingest.h"

#include <algorithm>

#include "base/metrics.h"
#include "stages/ingest/chars.h"
#include "stages/ingest/line_feed.h"

namespace healer {
namespace {

constexpr std::size_t kJsonPadding = 64;

char first_char(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? '\0' : text[at];
}

LineHints hints_of(const RawPayload& payload, RecordBatch& batch) {
  LineHints hints;
  hints.source = batch.own(payload.source);
  hints.host = batch.own(payload.host);
  hints.service = batch.own(payload.service);
  return hints;
}

// Whole documents: one object, an array of objects or lines, {"logs": [...]}. False if it is none.
bool read_document(StreamState::Open& open, std::string_view text, const LineHints& hints,
                   LineFeed& feed) {
  const auto elements = open.json[2].elements(text);
  if (elements.empty()) return false;
  std::vector<std::string> copies(elements.begin(),
                                  elements.end());  // json[2] is used again inside
  for (const auto& element : copies) feed.element(element, hints);
  feed.close();
  return true;
}

bool read_alerts(const RawPayload& payload, RecordBatch& batch, UnixMs now) {
  const auto alerts = parse_alerts(payload.bytes, now);
  if (!alerts) return false;
  for (const auto& alert : *alerts) append_alert(batch, alert, payload.source, now);
  return true;
}

// Keeps what must wait: the open event, and a line that has not ended.
void hold(StreamState::Open& open, std::string_view rest, UnixMs now, const IngestLimits& bounds) {
  open.held.assign(rest);
  open.since = rest.empty() ? 0 : now;
  const std::size_t line =
      open.held.rfind('\n') == std::string::npos ? 0 : open.held.rfind('\n') + 1;
  const std::size_t longest = line + bounds.line_bytes_max + 1;
  if (open.held.size() > longest) {
    open.cut += open.held.size() - longest;
    open.held.resize(longest);
  }
}

void read_text(StreamState::Open& open, RecordBatch& batch, std::string bytes, bool is_final,
               const LineHints& hints, UnixMs now, const IngestLimits& bounds) {
  bytes.reserve(bytes.size() + kJsonPadding);
  const std::string_view all = batch.own(std::move(bytes));
  const std::size_t last = all.rfind('\n');
  const std::size_t whole = is_final ? all.size() : last == std::string_view::npos ? 0 : last + 1;
  LineFeed feed(open, batch, now, bounds);
  feed.text(all.substr(0, whole), true, hints);
  if (is_final || !batch.records.empty() || whole == all.size()) open.cut = 0;
  if (!is_final && feed.open_begin() != nullptr) {
    hold(open, all.substr(static_cast<std::size_t>(feed.open_begin() - all.data())), now, bounds);
    return;
  }
  feed.close();
  hold(open, all.substr(whole), now, bounds);
}

}  // namespace

StreamState::StreamState() : open_(std::make_unique<Open>()) {}
StreamState::~StreamState() = default;
StreamState::StreamState(StreamState&&) noexcept = default;
StreamState& StreamState::operator=(StreamState&&) noexcept = default;

std::size_t StreamState::held_bytes() const { return open_->held.size() + open_->cut; }

UnixMs StreamState::flush_at() const {
  return open_->held.empty() ? 0 : open_->since + open_->hold_max.count();
}

RecordBatch ingest(StreamState& state, RawPayload payload, UnixMs now, const IngestLimits& bounds) {
  StreamState::Open& open = state.parts();
  open.hold_max = bounds.hold_max;
  open.source = payload.source;
  open.host = payload.host;
  open.service = payload.service;
  RecordBatch batch;
  if (payload.format == PayloadFormat::alertmanager && read_alerts(payload, batch, now))
    return batch;
  const LineHints hints = hints_of(payload, batch);
  std::string bytes = std::move(open.held);
  open.held.clear();
  if (bytes.empty())
    bytes = std::move(payload.bytes);
  else
    bytes += payload.bytes;
  const char first = first_char(bytes);
  const bool document = (first == '{' || first == '[') &&
                        (payload.format == PayloadFormat::json ||
                         (payload.format == PayloadFormat::automatic && payload.is_final));
  if (document) {
    LineFeed feed(open, batch, now, bounds);
    if (read_document(open, bytes, hints, feed)) return batch;
  }
  read_text(open, batch, std::move(bytes), payload.is_final, hints, now, bounds);
  return batch;
}

RecordBatch flush(StreamState& state, UnixMs now, bool force, const IngestLimits& bounds) {
  StreamState::Open& open = state.parts();
  if (open.held.empty() || (!force && now < state.flush_at())) return {};
  RecordBatch batch;
  const LineHints hints =
      hints_of({.source = open.source, .host = open.host, .service = open.service}, batch);
  std::string bytes = std::move(open.held);
  open.held.clear();
  std::string unended;
  if (const std::size_t last = bytes.rfind('\n'); !force) {
    unended = bytes.substr(last == std::string::npos ? 0 : last + 1);
    bytes.resize(bytes.size() - unended.size());
  }
  read_text(open, batch, std::move(bytes), true, hints, now, bounds);
  hold(open, unended, now, bounds);
  return batch;
}

std::string_view attribute(const LogRecord& record, std::string_view key) {
  for (const auto& item : record.attributes)
    if (item.key == key) return item.value;
  return {};
}

}  // namespace healer
