#include "types/alert.h"
#include "types/json_impl.h"

HEALER_JSON(healer::Alert)
