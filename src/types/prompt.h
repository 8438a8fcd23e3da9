#pragma once
#include <string>
#include <vector>

#include "types/mask.h"

namespace healer {

// `instruction` is ours; `data` comes from logs, repositories or reviews: it is fenced, and who
// reads it is told that nothing in it is an instruction.
enum class Trust { instruction, data };

struct PromptPiece {
  Trust trust = Trust::data;
  std::string name;  // data: what it is, one word ("template", "evidence")
  MaskedText text;
};
using Prompt = std::vector<PromptPiece>;  // for a language model or a coding agent

// The instructions, and the data in fences that no text inside can close. Pure.
std::string instructions_of(const Prompt& prompt);
std::string data_of(const Prompt& prompt);

}  // namespace healer
