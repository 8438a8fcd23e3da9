#include "stages/review/review.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "base/metrics.h"
#include "stages/review/change.h"

namespace healer {
namespace {

constexpr std::size_t kReasonsMax = 50;

std::size_t changed_bytes(const std::vector<Change>& changes) {
  std::size_t bytes = 0;
  for (const auto& change : changes)
    for (const auto& line : change.lines)
      if (line.kind != DiffLine::Kind::same) bytes += line.text.size() + 2;
  return bytes;
}

void check_size(const Patch& patch, Reasons& reasons) {
  if (patch.files.empty()) reasons.emplace_back("size: the patch changes nothing");
  for (const auto& file : patch.files)
    if (file.before == file.after)
      reasons.push_back(fmt::format("size: {} is not changed", file.path));
  if (patch.files.size() > limits::kDiffFilesMax) {
    Metrics::counter("diff_files_limit_hits").fetch_add(1);
    reasons.push_back(fmt::format("size: {} files are touched (most {})", patch.files.size(),
                                  limits::kDiffFilesMax));
  }
}

// Too long texts are not even compared.
bool too_long(const Patch& patch) {
  return patch.diff.size() > limits::kDiffBytesMax ||
         std::ranges::any_of(patch.files, [](const FileChange& file) {
           return (file.after && file.after->size() > limits::kRepoFileBytesMax) ||
                  (file.before && file.before->size() > limits::kRepoFileBytesMax);
         });
}

void say_too_long(Reasons& reasons) {
  Metrics::counter("diff_bytes_limit_hits").fetch_add(1);
  reasons.push_back(fmt::format("size: the change is larger than {} bytes", limits::kDiffBytesMax));
}

// What people are shown must be what is committed, and only plain files are.
void check_diff(const Patch& patch, Reasons& reasons) {
  std::string_view rest = patch.diff;
  for (const std::string_view line : split_lines(rest)) {
    const bool mode = line.starts_with("new file mode ") || line.starts_with("new mode ") ||
                      line.starts_with("old mode ") || line.starts_with("deleted file mode ");
    if (mode && (line.ends_with(" 120000") || line.ends_with(" 160000")))
      reasons.emplace_back("path: symbolic links and submodules are not touched");
  }
  if (patch.diff.empty()) return;
  for (const auto& file : patch.files)
    if (!patch.diff.contains(file.path))
      reasons.push_back(fmt::format("size: the diff does not show {}", file.path));
}

}  // namespace

Review review(const Patch& patch, const ReviewPolicy& policy, std::string_view head_sha) {
  Review result{Verdict::changes_requested, "diff-guard", std::string(head_sha), false, {}};
  Reasons& reasons = result.reasons;
  check_size(patch, reasons);
  check_diff(patch, reasons);
  for (const auto& file : patch.files)
    result.guarded = result.guarded || is_guarded(file.path, policy);
  if (too_long(patch) || patch.files.size() > limits::kDiffFilesMax) {
    if (too_long(patch)) say_too_long(reasons);
    return result;
  }

  std::vector<Change> changes;
  for (const auto& file : patch.files) changes.push_back(look_at(file));
  if (changed_bytes(changes) > limits::kDiffBytesMax) {
    say_too_long(reasons);
    return result;
  }
  for (const auto& change : changes) {
    check_path(change, policy, reasons);
    check_content(change, reasons);
    check_syntax(change, reasons);
    check_tests(change, reasons);
    if (change.prose) continue;
    check_code(change, reasons);
    check_settings(change, policy, reasons);
  }
  if (reasons.size() > kReasonsMax) {
    reasons.resize(kReasonsMax);
    reasons.emplace_back("and more");
  }
  if (reasons.empty()) result.verdict = Verdict::approved;
  return result;
}

}  // namespace healer
