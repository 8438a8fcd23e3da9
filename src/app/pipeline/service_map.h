#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "types/deploy.h"
#include "types/log_record.h"
#include "types/service.h"

namespace healer {

// Which service a record belongs to, and which version of it wrote the record. Thread-safe.
class ServiceMap {
 public:
  explicit ServiceMap(std::vector<Service> services);

  // Fills `service` (unless a known one is set) and `version` (unless the record has one) of every
  // record. A service claims a record whose source, host, component, or an attribute's value
  // matches one of its `match` globs, whose source is one of its `logs`, or whose attribute
  // service, app, job or service.name is its name. The first in healer.yaml wins; no match leaves
  // it empty.
  void assign(RecordBatch& batch);

  // From now on records of the service written at or after `deploy.at` carry its commit (or image).
  // A deploy to another environment than the service's says nothing.
  void deployed(const Deploy& deploy);

  const Service* find(std::string_view name) const;  // nullptr if unknown; valid for the map's life
  const std::vector<Service>& all() const { return services_; }
  // Start of that version; 0: unknown.
  UnixMs deployed_at(std::string_view service, std::string_view version) const;
  std::string version_at(std::string_view service, UnixMs time) const;

 private:
  struct Version {
    UnixMs since;
    std::string name;
  };
  const Service* claim(const LogRecord& record) const;

  const std::vector<Service> services_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::vector<Version>>
      versions_;  // per service, oldest first, bounded
};

}  // namespace healer
