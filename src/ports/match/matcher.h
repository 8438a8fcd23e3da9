#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace healer {

// A regular expression that both Hyperscan and RE2 take, with its number. Flags: case counts, '.'
// is any byte but a newline, ^ and $ match at lines.
struct Pattern {
  std::uint32_t id = 0;
  std::string expression;
};

// Says in one pass which of many patterns occur in a text. Thread-safe.
class Matcher {
 public:
  virtual ~Matcher() = default;
  virtual std::vector<std::uint32_t> scan(
      std::string_view text) const = 0;  // ids, ascending, each once
};

// invalid_input names the first pattern that either library refuses.
Result<std::unique_ptr<Matcher>> compile_matcher(const std::vector<Pattern>& patterns);

// A database made at build time for any machine; load it with the patterns that it was made of.
// corrupt or unsupported where it does not fit this machine's library: then compile.
Result<std::string> serialize_database(const std::vector<Pattern>& patterns);
Result<std::unique_ptr<Matcher>> load_matcher(std::string_view database);

// One expression for captures, on a text that is known to match. Linear in the text (RE2).
class Captures {
 public:
  static Result<Captures> compile(const std::string& expression);
  // Named groups of the first match; nullopt if there is none.
  std::optional<std::map<std::string, std::string>> find(std::string_view text) const;

 private:
  struct Regex;
  std::shared_ptr<const Regex> regex_;
};

}  // namespace healer
