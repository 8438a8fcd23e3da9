#include "ports/llm/chat_answer.h"
#include "types/json_impl.h"

HEALER_JSON(healer::ChatAnswer)
