#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "stages/fix/search.h"
#include "types/mask.h"

namespace healer {
namespace {

// A value that somebody must still fill in, or that belongs to one person.
bool is_placeholder(std::string_view value) {
  std::string low(value);
  for (char& c : low) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  static constexpr std::array<std::string_view, 13> kSigns{
      "change",      "your",  "xxx",    "todo", "replace", "example", "<",
      "placeholder", "dummy", "secret", "...",  "fixme",   "${"};
  return low.empty() ||
         std::ranges::any_of(kSigns, [&](std::string_view sign) { return low.contains(sign); });
}

// Values go into the file as they are, so they must need no quoting anywhere.
bool is_plain(std::string_view value) {
  return value.size() <= 200 && std::ranges::all_of(value, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  std::string_view("._-:/,@+=").find(c) != std::string_view::npos;
         });
}

bool is_set(const Ground& ground, const Playbook& playbook, std::string_view variable) {
  return std::ranges::any_of(ground.repo.settings, [&](const RepoSetting& setting) {
    return setting.name == variable && may_edit(ground, playbook, setting.file);
  });
}

std::string why_not(std::string_view variable, std::string_view value) {
  if (has_secret(fmt::format("{}={}", variable, value))) return "its value is a secret";
  if (is_placeholder(value)) return "its documented value is a placeholder";
  if (!is_plain(value)) return "its documented value needs quoting";
  return {};
}

Candidate add_to(const Match& match, std::string file, std::string_view variable,
                 std::string_view value, double score, std::string fact) {
  SettingEdit edit{std::move(file), EditOp::add, std::string(variable), "", std::string(value), 0};
  return {match.playbook,
          EditSource::documented,
          {std::move(edit)},
          {std::string(variable)},
          {std::move(fact)},
          {},
          score};
}

}  // namespace

std::vector<Candidate> missing_variables(const Ground& ground, const Match& match,
                                         std::vector<std::string>& reasons) {
  std::vector<Candidate> out;
  const auto captured = match.captured.find("variable");
  if (captured == match.captured.end()) return out;
  const std::string& seen = captured->second;  // compared with the repository's names only
  const Playbook& playbook = *match.playbook;
  for (const auto& change : ground.history) {
    if (change.path != seen || !change.new_value.empty()) continue;
    if (!may_edit(ground, playbook, change.file) || is_set(ground, playbook, change.path)) break;
    if (const auto why = why_not(change.path, change.old_value); !why.empty()) {
      reasons.push_back(fmt::format("{}: {}", change.path, why));
      return out;
    }
    out.push_back(add_to(match, change.file, change.path, change.old_value, 0.92,
                         fmt::format("Commit {} removed {} from {}.", change.commit.substr(0, 12),
                                     change.path, change.file)));
    out.back().source = EditSource::restore;
    out.back().commit = change.commit;
    return out;
  }
  for (const auto& doc : ground.repo.docs) {
    if (doc.name != seen || doc.kind == DocumentedValue::Kind::at_least ||
        doc.kind == DocumentedValue::Kind::at_most || is_set(ground, playbook, doc.name))
      continue;
    if (const auto why = why_not(doc.name, doc.value); !why.empty()) {
      reasons.push_back(fmt::format("{}: {}", doc.name, why));
      continue;
    }
    for (const auto& file : ground.repo.files)
      if (file.format == Format::env && may_edit(ground, playbook, file.path))
        out.push_back(add_to(
            match, file.path, doc.name, doc.value, 0.75,
            fmt::format("{}:{} documents {}, and no file sets it.", doc.file, doc.line, doc.name)));
  }
  if (out.empty())
    reasons.push_back(
        fmt::format("{}: no usable documented value or no .env file for it", playbook.id));
  return out;
}

}  // namespace healer
