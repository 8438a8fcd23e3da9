#include "ports/llm/messages_answer.h"
#include "types/json_impl.h"

HEALER_JSON(healer::MessagesAnswer)
