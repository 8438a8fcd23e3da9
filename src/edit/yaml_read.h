#pragma once
#include "edit/tree.h"

namespace healer::edit {

// All documents of a YAML stream as one tree: the first document is nodes[0] and what is below it;
// the roots of the others hang under it as key "@n". Files that are templates (Helm) are
// unsupported, duplicate keys and unknown anchors invalid_input.
Result<Tree> read_yaml(std::string_view text);

}  // namespace healer::edit
