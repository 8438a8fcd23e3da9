#include "types/json_impl.h"
#include "types/pull_request.h"

HEALER_JSON(healer::PullRequest)
