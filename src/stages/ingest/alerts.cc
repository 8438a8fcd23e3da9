#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/hash.h"
#include "stages/ingest/body_error.h"
#include "stages/ingest/ingest.h"
#include "stages/ingest/level.h"

namespace healer {
namespace {

namespace bj = boost::json;

std::string text_of(const bj::value& value) {
  return value.is_string() ? std::string(value.get_string()) : bj::serialize(value);
}

std::string member(const bj::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found == nullptr || found->is_null() ? std::string() : text_of(*found);
}

std::map<std::string, std::string> pairs(const bj::object& object, std::string_view name) {
  std::map<std::string, std::string> out;
  const auto* found = object.if_contains(name);
  if (found != nullptr && found->is_object())
    for (const auto& [key, value] : found->get_object()) out[std::string(key)] = text_of(value);
  return out;
}

UnixMs time_of(const bj::object& object, std::string_view name) {
  const UnixMs time = parse_rfc3339(member(object, name)).value_or(0);
  return std::max<UnixMs>(time, 0);  // the year 1 stands for "not yet"
}

// The fingerprint that Prometheus and Alertmanager give a label set (FNV-1a over the sorted
// pairs), so that an alert is the same one by either route.
std::string label_fingerprint(const std::map<std::string, std::string>& labels) {
  std::uint64_t hash = 14695981039346656037ULL;
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 1099511628211ULL; };
  for (const auto& [key, value] : labels) {
    for (char c : key) add(static_cast<unsigned char>(c));
    add(255);
    for (char c : value) add(static_cast<unsigned char>(c));
    add(255);
  }
  return hex16(hash);
}

bool is_hex16(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<Alert> read_alert(const bj::value& value, std::size_t index, UnixMs now) {
  const auto where = fmt::format("alerts[{}]", index);
  if (!value.is_object()) return fail(Errc::invalid_input, where + " is not an object");
  const auto& object = value.get_object();
  Alert alert;
  alert.labels = pairs(object, "labels");
  if (alert.labels.empty())
    return fail(Errc::invalid_input, where + ".labels is missing or has no label");
  alert.annotations = pairs(object, "annotations");
  alert.starts_at = time_of(object, "startsAt");
  alert.ends_at = time_of(object, "endsAt");
  alert.generator_url = member(object, "generatorURL");
  alert.fingerprint = member(object, "fingerprint");
  if (!is_hex16(alert.fingerprint)) alert.fingerprint = label_fingerprint(alert.labels);
  const auto* status = object.if_contains("status");
  if (status != nullptr && status->is_string()) {
    const auto parsed = parse_enum<AlertStatus>(std::string_view(status->get_string()));
    if (!parsed)
      return fail(Errc::invalid_input, where + ".status is neither \"firing\" nor \"resolved\"");
    alert.status = *parsed;
  } else if (alert.ends_at != 0 && alert.ends_at <= now) {
    alert.status = AlertStatus::resolved;
  }
  if (alert.status == AlertStatus::firing) alert.ends_at = 0;
  return alert;
}

std::string_view label(const Alert& alert, std::string_view name) {
  const auto found = alert.labels.find(std::string(name));
  return found == alert.labels.end() ? std::string_view{} : std::string_view(found->second);
}

std::string message_of(const Alert& alert) {
  const auto annotation = [&](const char* name) {
    const auto found = alert.annotations.find(name);
    return found == alert.annotations.end() ? std::string() : found->second;
  };
  std::string text(label(alert, "alertname"));
  const std::string summary = annotation("summary"), description = annotation("description");
  for (const auto& part : {summary, description.empty() ? annotation("message") : description})
    if (!part.empty() && part != text) text += (text.empty() ? "" : ": ") + part;
  return text.empty() ? "alert " + alert.fingerprint : text;
}

}  // namespace

Result<std::vector<Alert>> parse_alerts(std::string_view body, UnixMs now) {
  boost::system::error_code error;
  const bj::value root = bj::parse(body, error);
  if (error) return std::unexpected(json_error(body));
  const bj::value* list = &root;
  std::vector<Alert> out;
  if (root.is_object()) {
    list = root.get_object().if_contains("alerts");
    if (list == nullptr) {
      out.push_back(TRY(read_alert(root, 0, now)));
      return out;
    }
  }
  if (!list->is_array())
    return fail(Errc::invalid_input, "an alert body is an object with \"alerts\", or an array");
  for (const auto& item : list->get_array()) out.push_back(TRY(read_alert(item, out.size(), now)));
  return out;
}

void append_alert(RecordBatch& batch, const Alert& alert, std::string_view source, UnixMs now) {
  LogRecord record;
  const auto first_of = [&](std::initializer_list<std::string_view> names) {
    for (const auto name : names)
      if (!label(alert, name).empty()) return batch.own(std::string(label(alert, name)));
    return std::string_view{};
  };
  const bool firing = alert.status == AlertStatus::firing;
  record.arrival = now;
  record.time = firing ? alert.starts_at : alert.ends_at;
  if (record.time == 0) record.time = now;
  record.service = first_of({"service", "app", "job"});
  record.source = batch.own(std::string(source));
  record.host = first_of({"instance", "pod", "node", "host"});
  record.version = first_of({"version", "image"});
  record.component = first_of({"alertname"});
  record.level = level_of_word(label(alert, "severity")).value_or(Level::warning);
  if (!firing) record.level = Level::info;
  record.message = batch.own(message_of(alert));
  record.raw = record.message;
  record.parsed = true;
  record.attributes.push_back({alert_attribute::kFingerprint, batch.own(alert.fingerprint)});
  record.attributes.push_back({alert_attribute::kStatus, to_string(alert.status)});
  for (const auto& [key, value] : alert.labels)
    record.attributes.push_back({batch.own(key), batch.own(value)});
  batch.records.push_back(std::move(record));
}

}  // namespace healer
