#include "stages/ingest/line_feed.h"

#include <cstring>

#include "base/metrics.h"
#include "stages/ingest/chars.h"

namespace healer {
namespace {

void count(std::string_view name, std::int64_t by = 1) { Metrics::counter(name) += by; }

std::string_view without_tail(std::string_view text) {
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

bool same_place(std::string_view part, std::string_view whole) {
  return whole.data() != nullptr && part.data() >= whole.data() &&
         part.data() <= whole.data() + whole.size();
}

std::string_view or_else(std::string_view first, std::string_view second) {
  return first.empty() ? second : first;
}

}  // namespace

void LineFeed::text(std::string_view text, bool padded, const LineHints& hints) {
  std::size_t at = 0;
  region_ = text;
  while (at < text.size()) {
    const auto* end =
        static_cast<const char*>(std::memchr(text.data() + at, '\n', text.size() - at));
    const std::size_t stop =
        end == nullptr ? text.size() : static_cast<std::size_t>(end - text.data());
    std::string_view raw = text.substr(at, stop - at);
    at = stop + 1;
    if (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
    line(raw, raw, hints, padded, 0);
  }
}

void LineFeed::element(std::string_view text, const LineHints& hints) {
  region_ = {};
  const std::string_view own = batch_.own(std::string(text));
  line(own, own, hints, false, 0);
}

void LineFeed::line(std::string_view raw, std::string_view content, const LineHints& hints,
                    bool padded, int depth) {
  bool truncated = false;
  if (!content.empty() && content.front() == '{' && depth < 3 &&
      content.size() <= bounds_.event_bytes_max && structured(raw, content, hints, padded, depth))
    return;
  if (content.size() > bounds_.line_bytes_max) {
    content = content.substr(0, bounds_.line_bytes_max);
    if (same_place(content, raw)) raw = raw.substr(0, bounds_.line_bytes_max);
    truncated = true;
    count("line_limit_hits");
  }
  LineHints inner = hints;
  bool partial = false;
  if (depth == 0) {
    if (const Wrapper wrapper = read_wrapper(content, arrival_); wrapper.length > 0) {
      content.remove_prefix(wrapper.length);
      partial = wrapper.partial;
      if (wrapper.time != 0) inner.time = wrapper.time;
      if (!wrapper.component.empty()) inner.component = wrapper.component;
      if (!content.empty() && content.front() == '{' && structured(raw, content, inner, false, 1))
        return;
    }
  }
  Header header;
  const bool glued = event_.open && event_.partial;
  const bool indented = !content.empty() && is_blank(content.front());
  const bool headed = !glued && !content.empty() && read_header(content, arrival_, header) &&
                      (header.stamped || !(indented && event_.open));
  const bool same_pid = header.pid == event_.header.pid;
  if (!headed && !event_.open && continues(open_.swallowing, content)) {
    count("event_limit_lines_dropped");
    return;
  }
  if (!glued && !headed && !event_.open && trim(content).empty()) return;
  if (glued || (headed && header.detail && event_.open && same_pid) ||
      (!headed && continues(event_, content))) {
    extend(raw, headed ? content.substr(header.length) : content);
  } else if (headed || !trim(content).empty()) {
    close();
    if (!headed) {
      Fields& fields = open_.fields[0];
      if (content.find('=') != std::string_view::npos &&
          read_logfmt(content, arrival_, fields, open_.scratch)) {
        emit_fields(fields, raw, inner);
        return;
      }
    }
    begin(raw, content, inner, header);
  }
  event_.truncated |= truncated;
  event_.partial = partial;
}

void LineFeed::begin(std::string_view raw, std::string_view content, const LineHints& hints,
                     const Header& header) {
  const std::string_view message = content.substr(header.length);
  open_.swallowing = {};
  event_ = Event{};
  event_.open = true;
  event_.headed = header.stamped || header.level != Level::unknown;
  event_.severe = header.level == Level::unknown || header.level >= Level::warning;
  event_.lines = 1;
  event_.trace = trace_of_head(message);
  event_.begin = raw.data();
  event_.end = raw.data() + raw.size();
  event_.message = message.data();
  event_.scattered = content.data() != raw.data();
  if (event_.scattered) event_.joined = message;
  event_.header = header;
  event_.hints = hints;
}

void LineFeed::extend(std::string_view raw, std::string_view content) {
  const auto size = static_cast<std::size_t>(event_.end - event_.begin) + event_.joined.size();
  if (event_.lines >= bounds_.event_lines_max || size + raw.size() > bounds_.event_bytes_max) {
    count("event_limit_lines_dropped");
    event_.truncated = true;
    open_.swallowing = event_;
    close();
    return;
  }
  const bool together = same_place(raw, region_) && same_place({event_.begin, 0}, region_);
  if (!event_.scattered && (content.data() != raw.data() || !together)) {
    event_.scattered = true;
    event_.joined.assign(event_.message, static_cast<std::size_t>(event_.end - event_.message));
  }
  if (event_.scattered) {
    if (!event_.partial) event_.joined += '\n';
    event_.joined += content;
  }
  if (together) event_.end = raw.data() + raw.size();
  ++event_.lines;
}

void LineFeed::close() {
  if (!event_.open) return;
  LogRecord record;
  const Header& header = event_.header;
  record.raw = without_tail({event_.begin, static_cast<std::size_t>(event_.end - event_.begin)});
  record.message =
      event_.scattered
          ? without_tail(batch_.own(std::move(event_.joined)))
          : without_tail({event_.message, static_cast<std::size_t>(event_.end - event_.message)});
  if (trim(record.message).empty()) record.message = record.raw;
  record.arrival = arrival_;
  record.time = header.time != 0 ? header.time : event_.hints.time;
  if (record.time == 0) record.time = arrival_;
  record.source = event_.hints.source;
  record.service = event_.hints.service;
  record.version = event_.hints.version;
  record.host = or_else(header.host, event_.hints.host);
  record.component = or_else(header.component, event_.hints.component);
  record.level = header.level != Level::unknown ? header.level : event_.hints.level;
  if (record.level == Level::unknown) record.level = leading_level(record.message);
  if (record.level == Level::unknown && event_.trace != Trace::none) record.level = Level::error;
  record.parsed = event_.headed || event_.hints.time != 0;
  const bool any = !header.pid.empty() || !header.thread.empty() || !header.status.empty();
  if (any) {
    record.attributes.reserve(4);
    if (!header.pid.empty()) record.attributes.push_back({"pid", header.pid});
    if (!header.thread.empty()) record.attributes.push_back({"thread", header.thread});
    if (!header.status.empty()) {
      record.attributes.push_back({"status", header.status});
      record.attributes.push_back({"method", header.method});
      record.attributes.push_back({"path", header.path});
    }
  }
  if (event_.truncated) record.attributes.push_back({"truncated", "true"});
  batch_.records.push_back(std::move(record));
  event_ = Event{};
}

}  // namespace healer
