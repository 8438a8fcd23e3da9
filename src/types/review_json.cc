#include "types/json_impl.h"
#include "types/review.h"

HEALER_JSON(healer::Review)
