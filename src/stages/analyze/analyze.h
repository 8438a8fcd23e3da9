#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stages/analyze/knowledge.h"
#include "types/finding.h"
#include "types/template_hit.h"

namespace healer {

inline constexpr double kConfidenceMin = 0.6;  // under it an analysis is uncertain

// The embedded brain on one log of one or more lines. A product's known failure decides; else what
// the rules say (a generic failure, or level words and a lexicon) is weighed with the classifier,
// where there is one. Always a best guess. `level` is what the header says; `whole`, if given, is
// the text with its header, as the classifier learnt to read it. Pure.
Analysis analyze_text(const Knowledge& knowledge, std::string_view text, Level level,
                      std::string_view whole = {});

// What the rules alone say: the classifier's second opinion, and what its mixers learn from.
RuleOpinion rule_opinion(const Knowledge& knowledge, std::string_view text, Level level);

// The file of the innermost stack frame that is not of a library; empty if the text names none.
std::string own_frame_file(std::string_view text);

// What analyze() remembers between batches, one per shard. Bounded: past the limit the oldest half
// goes.
class AnalyzeState {
 public:
  struct Known {
    Analysis analysis;
    bool process_death = false;
    double rate = 0;  // records per minute, decaying
    UnixMs last = 0;
  };
  std::unordered_map<TemplateId, Known>& templates() { return templates_; }

 private:
  std::unordered_map<TemplateId, Known> templates_;
};

enum class KeptFindings { serious, all };  // serious: at least medium, or an alert

// A finding for every hit that is kept. A template is analysed once.
// Records older than they should be still count; decide looks at their age. Pure but for `state`.
std::vector<Finding> analyze(AnalyzeState& state, const Knowledge& knowledge,
                             std::span<const TemplateHit> hits, UnixMs now,
                             KeptFindings kept = KeptFindings::serious);

}  // namespace healer
