#include "ports/notify/slack_answer.h"
#include "types/json_impl.h"

HEALER_JSON(healer::SlackAnswer)
