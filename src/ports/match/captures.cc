#include <re2/re2.h>

#include "ports/match/matcher.h"

namespace healer {

struct Captures::Regex {
  explicit Regex(const std::string& expression, const RE2::Options& options)
      : re(expression, options) {}
  RE2 re;
};

Result<Captures> Captures::compile(const std::string& expression) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // bytes, like Hyperscan without UTF8
  options.set_log_errors(false);
  Captures out;
  auto regex = std::make_shared<const Regex>("(?m)" + expression, options);
  if (!regex->re.ok())
    return fail(Errc::invalid_input, "RE2 refuses " + expression + ": " + regex->re.error());
  out.regex_ = std::move(regex);
  return out;
}

std::optional<std::map<std::string, std::string>> Captures::find(std::string_view text) const {
  const RE2& re = regex_->re;
  const int groups = re.NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups));
  if (!re.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::UNANCHORED,
                found.data(), groups))
    return std::nullopt;
  std::map<std::string, std::string> out;
  for (const auto& [name, index] : re.NamedCapturingGroups()) {
    const auto& piece = found[static_cast<std::size_t>(index)];
    if (piece.data() != nullptr) out[name] = std::string(piece.data(), piece.size());
  }
  return out;
}

}  // namespace healer
