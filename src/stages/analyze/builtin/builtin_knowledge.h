#pragma once
#include <memory>
#include <vector>

#include "stages/analyze/knowledge.h"

namespace healer {

// The knowledge that is built in, with its database made at build time. With entries of one's own
// (they replace a built-in one of the same id) everything is compiled anew, in about a second.
Result<std::unique_ptr<Knowledge>> builtin_knowledge(std::vector<KnowledgeEntry> own = {});

// What brain/embedded.bin holds. invalid_input where it is of another version than this program.
Result<std::unique_ptr<Classifier>> builtin_classifier();

}  // namespace healer
