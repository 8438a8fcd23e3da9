#include "stages/analyze/builtin/builtin_knowledge.h"

#include <algorithm>

#include "blob/healer_brain.h"
#include "blob/healer_knowledge.h"
#include "blob/healer_knowledge_database.h"
#include "blob/healer_lexicon.h"

namespace healer {

Result<std::unique_ptr<Knowledge>> builtin_knowledge(std::vector<KnowledgeEntry> own) {
  auto entries = TRY(unpack_entries(healer_knowledge()));
  auto lexicon = TRY(parse_lexicon(healer_lexicon(), "knowledge/_lexicon.yaml"));
  if (own.empty())
    return Knowledge::load(std::move(entries), std::move(lexicon), healer_knowledge_database());
  for (auto& entry : own) {
    const auto same = std::ranges::find(entries, entry.id, &KnowledgeEntry::id);
    if (same != entries.end())
      *same = std::move(entry);
    else
      entries.push_back(std::move(entry));
  }
  return Knowledge::make(std::move(entries), std::move(lexicon));
}

Result<std::unique_ptr<Classifier>> builtin_classifier() {
  return Classifier::parse(healer_brain());
}

}  // namespace healer
