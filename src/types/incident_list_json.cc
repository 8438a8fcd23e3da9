#include "types/incident_list.h"
#include "types/json_impl.h"

HEALER_JSON(healer::IncidentList)
