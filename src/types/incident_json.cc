#include "types/incident.h"
#include "types/json_impl.h"

HEALER_JSON(healer::TimelineEntry)
HEALER_JSON(healer::Incident)
