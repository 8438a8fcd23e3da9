#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace healer {

// One process-wide table of counters and gauges, printed at /metrics. Names are snake_case with the
// unit last and without prefix; the label is one "key=value" or empty. Thread-safe; a returned
// reference stays valid for the life of the process, so hot paths look up once.
class Metrics {
 public:
  static std::atomic<std::int64_t>& counter(std::string_view name, std::string_view label = {});
  static std::atomic<std::int64_t>& gauge(std::string_view name, std::string_view label = {});
  static std::string prometheus_text();  // every name prefixed "healer_"
};

}  // namespace healer
