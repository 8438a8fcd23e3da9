#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "edit/editor.h"
#include "stages/fix/diff.h"
#include "stages/fix/fix.h"
#include "types/mask.h"

namespace healer {
namespace {

struct Keys {
  std::string parent, leaf;
};

// `a.b.c` as `a.b` and `c`; sectionless formats have no parents.
Keys split_path(Format format, const std::string& path) {
  if (format == Format::env || format == Format::properties) return {"", path};
  const std::string leaf = path_leaf(path);
  const std::string step = path_step(leaf);
  if (path.size() > step.size() + 1 && path.ends_with("." + step))
    return {path.substr(0, path.size() - step.size() - 1), leaf};
  return {"", leaf};
}

Result<std::string> replace_once(const std::string& text, const SettingEdit& edit) {
  const auto at = edit.old_value.empty() ? std::string::npos : text.find(edit.old_value);
  if (at == std::string::npos) return fail(Errc::conflict, "the text to replace is not there");
  if (text.find(edit.old_value, at + 1) != std::string::npos)
    return fail(Errc::conflict, "the text to replace is there twice");
  std::string out = text;
  return out.replace(at, edit.old_value.size(), edit.new_value);
}

Result<std::string> replace_lines(const std::string& text, const SettingEdit& edit) {
  std::size_t at = 0;
  for (std::size_t line = 1; line < edit.line && at < text.size(); ++line) {
    const std::size_t end = text.find('\n', at);
    at = end == std::string::npos ? text.size() : end + 1;
  }
  if (std::string_view(text).substr(at, edit.old_value.size()) != edit.old_value)
    return fail(Errc::conflict, fmt::format("line {} is no longer what the plan says", edit.line));
  std::string out = text;
  return out.replace(at, edit.old_value.size(), edit.new_value);
}

Result<void> check_value(Format format, const std::string& text, const SettingEdit& edit) {
  const auto settings = TRY(settings_of(format, text));
  const auto it = std::ranges::find(settings, edit.path, &Setting::path);
  if (it == settings.end())
    return fail(Errc::conflict, fmt::format("{} is no longer there", edit.path));
  if (it->value == edit.old_value) return {};
  return fail(Errc::conflict, fmt::format("{} is no longer what the plan says", edit.path));
}

Result<std::string> apply_edit(const SettingEdit& edit, const std::string& text) {
  if (edit.op == EditOp::replace_text) return replace_once(text, edit);
  if (edit.op == EditOp::replace_lines) return replace_lines(text, edit);
  const auto format = format_of(edit.file);
  if (!format) return fail(Errc::unsupported, "no editor for this format");
  if (edit.op == EditOp::add) {
    const Keys keys = split_path(*format, edit.path);
    return add_key(*format, text, keys.parent, keys.leaf, edit.new_value);
  }
  TRY(check_value(*format, text, edit));
  if (edit.op == EditOp::remove) return remove_key(*format, text, edit.path);
  return set_value(*format, text, edit.path, edit.new_value);
}

Result<void> carry_out(const SettingEdit& edit, FileChange& file) {
  if (edit.op == EditOp::create_file) {
    if (file.after)
      return fail(Errc::conflict, fmt::format("{}: there is such a file already", edit.file));
    file.after = edit.new_value;
    file.executable = edit.executable;
    return {};
  }
  if (!file.after) return fail(Errc::not_found, fmt::format("{}: no such file", edit.file));
  if (edit.op == EditOp::delete_file) {
    if (content_hash(*file.after) != edit.old_value)
      return fail(Errc::conflict, fmt::format("{}: is no longer what the plan says", edit.file));
    file.after.reset();
    return {};
  }
  auto after = apply_edit(edit, *file.after);
  if (!after) return std::unexpected(std::move(after).error().within(edit.file));
  file.after = std::move(*after);
  return {};
}

void add_field(std::string& out, std::string_view field) {
  out += fmt::format("{}:{};", field.size(), field);
}

}  // namespace

Result<Patch> make_patch(const Plan& plan, const ReadFile& read) {
  std::map<std::string, FileChange> files;
  for (const auto& edit : plan.edits) {
    auto it = files.find(edit.file);
    if (it == files.end()) {
      auto text = read(edit.file);
      it = files.emplace(edit.file, FileChange{edit.file, text, text, false}).first;
    }
    TRY(carry_out(edit, it->second));
  }
  Patch patch;
  for (auto& [path, file] : files)
    if (file.before != file.after) patch.files.push_back(std::move(file));
  if (patch.files.empty())
    return fail(Errc::invalid_input, fmt::format("plan {} changes nothing", plan.playbook));
  patch.diff = unified_diff(patch.files);
  return patch;
}

std::string content_hash(std::string_view text) { return hex16(hash64(text)); }

std::string plan_hash(const Plan& plan) {
  std::string all;
  add_field(all, plan.playbook);
  for (const auto& edit : plan.edits) {
    add_field(all, edit.file);
    add_field(all, to_string(edit.op));
    add_field(all, edit.path);
    add_field(all, edit.old_value);
    add_field(all, edit.new_value);
    if (edit.op == EditOp::replace_lines) add_field(all, fmt::format("{}", edit.line));
    if (edit.executable) add_field(all, "executable");
  }
  return hex16(hash64(all));
}

std::string describe(const Plan& plan) {
  std::string out;
  const SettingEdit* last = nullptr;
  for (const auto& edit : plan.edits) {
    // A file's further lines go without saying.
    if (last != nullptr && edit.op == EditOp::replace_lines && last->op == edit.op &&
        last->file == edit.file)
      continue;
    last = &edit;
    if (!out.empty()) out += ", ";
    switch (edit.op) {
      case EditOp::set:
        out += fmt::format("{}: {} from {} to {}", edit.file, edit.path, edit.old_value,
                           edit.new_value);
        break;
      case EditOp::add:
        out += fmt::format("{}: add {} = {}", edit.file, edit.path, edit.new_value);
        break;
      case EditOp::remove: out += fmt::format("{}: remove {}", edit.file, edit.path); break;
      case EditOp::replace_text: out += fmt::format("{}: replace a text", edit.file); break;
      case EditOp::replace_lines: out += fmt::format("{}: change lines", edit.file); break;
      case EditOp::create_file: out += fmt::format("{}: new file", edit.file); break;
      case EditOp::delete_file: out += fmt::format("{}: remove the file", edit.file); break;
    }
  }
  return mask(out).str();
}

}  // namespace healer
