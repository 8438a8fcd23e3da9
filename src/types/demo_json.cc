#include "types/demo.h"
#include "types/json_impl.h"

HEALER_JSON(healer::DemoScenario)
HEALER_JSON(healer::DemoScenarios)
