#include "base/metrics.h"

#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace healer {
namespace {

struct Table {
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<std::atomic<std::int64_t>>> values;

  std::atomic<std::int64_t>& at(std::string_view name, std::string_view label) {
    std::lock_guard lock(mutex);
    auto& slot = values[{std::string(name), std::string(label)}];
    if (!slot) slot = std::make_unique<std::atomic<std::int64_t>>(0);
    return *slot;
  }
};

Table& counters() {
  static Table table;
  return table;
}

Table& gauges() {
  static Table table;
  return table;
}

void print(std::string& out, Table& table, const char* type) {
  std::lock_guard lock(table.mutex);
  std::string_view last;
  for (const auto& [key, value] : table.values) {
    if (key.first != last) out += "# TYPE healer_" + key.first + " " + type + "\n";
    last = key.first;
    out += "healer_" + key.first;
    if (const auto equals = key.second.find('='); equals != std::string::npos)
      out += "{" + key.second.substr(0, equals) + "=\"" + key.second.substr(equals + 1) + "\"}";
    out += " " + std::to_string(value->load(std::memory_order_relaxed)) + "\n";
  }
}

}  // namespace

std::atomic<std::int64_t>& Metrics::counter(std::string_view name, std::string_view label) {
  return counters().at(name, label);
}

std::atomic<std::int64_t>& Metrics::gauge(std::string_view name, std::string_view label) {
  return gauges().at(name, label);
}

std::string Metrics::prometheus_text() {
  std::string out;
  print(out, counters(), "counter");
  print(out, gauges(), "gauge");
  return out;
}

}  // namespace healer
