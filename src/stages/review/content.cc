#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stages/review/change.h"
#include "types/mask.h"

namespace healer {
namespace {

// Characters that make text read otherwise than it runs (bidirectional controls), as UTF-8.
bool has_hidden_direction(std::string_view text) {
  for (std::size_t at = text.find("\xe2\x80"); at != std::string_view::npos;
       at = text.find("\xe2\x80", at + 1))
    if (at + 2 < text.size()) {
      const auto last = static_cast<unsigned char>(text[at + 2]);
      if (last >= 0xaa && last <= 0xae) return true;
    }
  for (std::size_t at = text.find("\xe2\x81"); at != std::string_view::npos;
       at = text.find("\xe2\x81", at + 1))
    if (at + 2 < text.size()) {
      const auto last = static_cast<unsigned char>(text[at + 2]);
      if (last >= 0xa6 && last <= 0xa9) return true;
    }
  return false;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Lines of `from` without one twin in `others` each.
std::vector<std::string_view> unmatched(const std::vector<std::string_view>& from,
                                        std::vector<std::string_view> others) {
  for (auto& line : others) line = trimmed(line);
  std::vector<std::string_view> out;
  for (const auto line : from) {
    const auto twin = std::ranges::find(others, trimmed(line));
    if (twin == others.end())
      out.push_back(line);
    else
      others.erase(twin);
  }
  return out;
}

std::vector<Setting> settings_or_none(std::string_view path,
                                      const std::optional<std::string>& text) {
  const auto format = format_of(path);
  if (!format || !text) return {};
  auto settings = settings_of(*format, *text);
  return settings ? *settings : std::vector<Setting>{};
}

}  // namespace

Change look_at(const FileChange& file) {
  Change change{file, {}, {}, {}, {}, {}, is_test_path(file.path), is_prose_path(file.path)};
  const std::string_view before = file.before ? std::string_view(*file.before) : "";
  const std::string_view after = file.after ? std::string_view(*file.after) : "";
  change.lines = line_diff(before, after);
  std::vector<std::string_view> added, removed;
  for (const auto& line : change.lines) {
    if (line.kind == DiffLine::Kind::added) added.push_back(line.text);
    if (line.kind == DiffLine::Kind::removed) removed.push_back(line.text);
  }
  change.added = unmatched(added, removed);
  change.removed = unmatched(removed, added);
  change.before = settings_or_none(file.path, file.before);
  change.after = settings_or_none(file.path, file.after);
  return change;
}

void check_content(const Change& change, Reasons& reasons) {
  const std::string& path = change.file.path;
  if (change.file.after && change.file.after->contains('\0')) {
    reasons.push_back(fmt::format("content: {} is binary", path));
    return;
  }
  std::string all;
  bool secret = false;
  for (const auto& line : change.lines) {
    if (line.kind != DiffLine::Kind::added) continue;
    all.append(line.text).push_back('\n');
    if (has_secret(line.text)) {
      reasons.push_back(fmt::format("secret: {}:{} adds what looks like one", path, line.new_line));
      secret = true;
    }
    if (has_hidden_direction(line.text))
      reasons.push_back(fmt::format("content: {}:{} has characters that hide its reading order",
                                    path, line.new_line));
  }
  // A key block spans lines.
  if (!secret && has_secret(all))
    reasons.push_back(fmt::format("secret: {} adds what looks like one", path));
}

void check_syntax(const Change& change, Reasons& reasons) {
  const auto format = format_of(change.file.path);
  if (!format || !change.file.after) return;
  const auto parsed = parses(*format, *change.file.after);
  if (parsed || parsed.error().code == Errc::unsupported) return;
  reasons.push_back(
      fmt::format("syntax: {} does not parse: {}", change.file.path, parsed.error().message));
}

}  // namespace healer
