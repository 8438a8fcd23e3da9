#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "ports/store/rows.h"
#include "types/severity.h"
#include "types/template_hit.h"

namespace healer {

// The newest incident of each fingerprint of late, as the pipeline needs it: kept in step with the
// store by update(). Thread-safe; bounded (the store is asked about what is not here).
class OpenIncidents {
 public:
  struct Known {
    std::string id;
    bool done = false;
    bool waiting = false;     // for a decision: more records may change it
    bool ended_well = false;  // healed or resolved
    UnixMs cured_at = 0;      // healed: the deploy of its fix
    bool quiet_end = false;   // logged or notified: it may come back worse
    Severity severity = Severity::low;
    UnixMs last_arrival = 0;  // of its records; where unknown, what they say of their own time
    UnixMs last_written = 0;  // what the newest says of its own time
    bool alert_over = false;  // its sender said so: when it fires again, that is a new incident
  };

  void update(const IncidentRow& row);
  void seen(Fingerprint fingerprint, UnixMs arrival, UnixMs written);
  void alert(Fingerprint fingerprint, bool firing);
  std::optional<Known> find(Fingerprint fingerprint) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<Fingerprint, Known> known_;
};

}  // namespace healer
