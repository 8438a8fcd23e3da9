#include "types/incident_signal.h"
#include "types/json_impl.h"

HEALER_JSON(healer::IncidentSignal)
