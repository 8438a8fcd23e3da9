#include "types/incident_record.h"
#include "types/json_impl.h"

HEALER_JSON(healer::IncidentRecord)
