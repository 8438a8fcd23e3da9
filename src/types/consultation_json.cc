#include "types/consultation.h"
#include "types/json_impl.h"

HEALER_JSON(healer::Consultation)
HEALER_JSON(healer::ModelAnswer)
HEALER_JSON(healer::Spent)
