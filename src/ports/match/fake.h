#pragma once
#include <utility>
#include <vector>

#include "ports/match/matcher.h"

namespace healer {

// Every pattern, one after another, by RE2: slow, and the measure for the fast one.
class NaiveMatcher final : public Matcher {
 public:
  static Result<NaiveMatcher> make(const std::vector<Pattern>& patterns) {
    NaiveMatcher out;
    for (const auto& pattern : patterns) {
      auto regex = TRY(Captures::compile(pattern.expression));
      out.regexes_.emplace_back(pattern.id, std::move(regex));
    }
    return out;
  }
  std::vector<std::uint32_t> scan(std::string_view text) const override {
    std::vector<std::uint32_t> out;
    for (const auto& [id, regex] : regexes_)
      if (regex.find(text)) out.push_back(id);
    return out;
  }

 private:
  std::vector<std::pair<std::uint32_t, Captures>> regexes_;
};

}  // namespace healer
