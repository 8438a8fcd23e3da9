#pragma once
#include <vector>

#include "types/incident.h"

namespace healer {

// A page of GET /api/incidents, as a client reads it.
struct IncidentList {
  std::vector<Incident> incidents;
};
template <>
struct FieldsOf<IncidentList> {
  static constexpr auto table =
      std::tuple{field("incidents", &IncidentList::incidents, "newest first", true)};
};

}  // namespace healer
