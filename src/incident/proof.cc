#include "incident/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace healer {
namespace {

constexpr std::size_t kNamesShown = 5;

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return text;
}

// "1 - name # comment" or "name" -> "name".
std::string_view result_name(std::string_view rest) {
  rest = trim(rest.substr(0, rest.find('#')));
  std::size_t digits = 0;
  while (digits < rest.size() && std::isdigit(static_cast<unsigned char>(rest[digits])) != 0)
    ++digits;
  if (digits > 0 && (digits == rest.size() || rest[digits] == ' '))
    rest = trim(rest.substr(digits));
  if (rest.starts_with("- ")) rest = trim(rest.substr(2));
  return rest;
}

std::string list(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(kNamesShown, names.size());
  std::string out = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

std::string ending(const CheckRun& run) {
  if (run.timed_out) return "did not end in time";
  return run.passed ? "passed" : fmt::format("failed with exit code {}", run.exit_code);
}

Judgement judge_named(const CheckRun& before, const CheckRun& after) {
  const auto old_results = named_results(before.output), new_results = named_results(after.output);
  std::vector<std::string> mended, broken, still;
  for (const auto& [name, ok] : new_results) {
    const auto old = old_results.find(name);
    const bool was_ok = old != old_results.end() && old->second;
    if (ok && old != old_results.end() && !old->second) mended.push_back(name);
    if (!ok && was_ok) broken.push_back(name);
    if (!ok && !was_ok) still.push_back(name);
  }
  // A result that is gone proves nothing; one that passed and is gone may hide a break.
  for (const auto& [name, ok] : old_results)
    if (ok && !new_results.contains(name)) broken.push_back(name);
  if (!broken.empty()) return {ProofKind::none, true, "the change breaks: " + list(broken)};
  if (mended.empty())
    return {ProofKind::broken_before, false,
            "the check " + ending(before) + " and still " + ending(after)};
  return {ProofKind::reproduced, false,
          fmt::format("mended: {}; failing for other reasons: {}", list(mended), list(still))};
}

}  // namespace

std::map<std::string, bool> named_results(std::string_view output) {
  std::map<std::string, bool> out;
  while (!output.empty()) {
    const std::size_t end = std::min(output.find('\n'), output.size());
    const std::string_view line = trim(output.substr(0, end));
    output.remove_prefix(std::min(end + 1, output.size()));
    const bool ok = line.starts_with("ok ");
    if (!ok && !line.starts_with("not ok ")) continue;
    const auto name = result_name(line.substr(ok ? 3 : 7));
    if (!name.empty()) out[std::string(name)] = ok;
  }
  return out;
}

Judgement judge(const CheckRun& before, const CheckRun& after) {
  if (after.passed) {
    if (before.passed)
      return {ProofKind::no_regression, false, "the check passes with and without the change"};
    return {ProofKind::reproduced, false,
            "the check " + ending(before) + " and passes with the change"};
  }
  if (before.passed)
    return {ProofKind::none, true, "the check passed and " + ending(after) + " with the change"};
  return judge_named(before, after);
}

}  // namespace healer
