#include "types/deploy.h"
#include "types/json_impl.h"

HEALER_JSON(healer::Deploy)
