#include "types/json_impl.h"
#include "types/patch.h"

HEALER_JSON(healer::SettingEdit)
HEALER_JSON(healer::Plan)
HEALER_JSON(healer::Proof)
