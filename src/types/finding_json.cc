#include "types/finding.h"
#include "types/json_impl.h"

HEALER_JSON(healer::Analysis)
HEALER_JSON(healer::Evidence)
