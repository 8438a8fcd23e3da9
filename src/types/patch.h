#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "types/fields.h"

namespace healer {

enum class EditOp { set, add, remove, replace_text, replace_lines, create_file, delete_file };
template <>
struct NamesOf<EditOp> {
  static constexpr std::array<std::string_view, 7> names{
      "set", "add", "remove", "replace_text", "replace_lines", "create_file", "delete_file"};
};

// One structure-preserving edit of one setting (src/edit), of one span of text, or what somebody
// else made of whole lines and files:
// replace_lines: from `line` on, old_value (may be empty) gives way to new_value, newlines
//   included; of one file, the last edit comes first, so that the line numbers stay true.
// create_file: new_value is its text. delete_file: old_value is content_hash() of what it held.
struct SettingEdit {
  std::string file;  // in the repository, '/' separated
  EditOp op = EditOp::set;
  std::string path;       // key path, as edit/editor.h prints it
  std::string old_value;  // what must be there now; the edit fails if it is not
  std::string new_value;
  std::size_t line = 0;     // of the value, from 1
  bool executable = false;  // create_file: it may be run
};
template <>
struct FieldsOf<SettingEdit> {
  static constexpr auto table = std::tuple{
      field("file", &SettingEdit::file, "file in the repository", true),
      field("op", &SettingEdit::op, "kind of edit", true),
      field("path", &SettingEdit::path, "key path", true),
      field("old_value", &SettingEdit::old_value, "value before"),
      field("new_value", &SettingEdit::new_value, "value after"),
      field("line", &SettingEdit::line, "line of the value, from 1"),
      field("executable", &SettingEdit::executable, "a new file that may be run"),
  };
};

// What a fix will do and why, before any byte is changed. plan_hash() names it in an approval.
struct Plan {
  std::string playbook;
  std::string title;   // imperative, for the commit: "shop: raise pool.size from 2 to 20"
  std::string reason;  // why this is the cause, with the facts
  std::string risk;
  std::string rollback;
  double confidence = 0;
  bool log_volume = false;  // the incident is the volume of logs itself
  std::vector<SettingEdit> edits;
};
template <>
struct FieldsOf<Plan> {
  static constexpr auto table = std::tuple{
      field("playbook", &Plan::playbook, "playbook id"),
      field("title", &Plan::title, "what it does, imperative"),
      field("reason", &Plan::reason, "why this is the cause"),
      field("risk", &Plan::risk, "what could go wrong"),
      field("rollback", &Plan::rollback, "how to undo it"),
      field("confidence", &Plan::confidence, "0 to 1"),
      field("log_volume", &Plan::log_volume, "it may raise a log threshold"),
      field("edits", &Plan::edits, "edits, in order"),
  };
};

struct Choice {  // several plans are equally likely: a person picks
  std::vector<Plan> plans;
  std::string question;
};

struct Refusal {  // nothing could be done safely
  std::string because;
};

using PlanResult = std::variant<Plan, Choice, Refusal>;

struct FileChange {
  std::string path;
  std::optional<std::string> before;  // nullopt: the file is new
  std::optional<std::string> after;   // nullopt: the file is deleted
  bool executable = false;
};

struct Patch {
  std::vector<FileChange> files;
  std::string diff;  // unified, of all files, as git prints it
};

enum class ProofKind { none, syntax, broken_before, no_regression, reproduced };
template <>
struct NamesOf<ProofKind> {
  static constexpr std::array<std::string_view, 5> names{"none", "syntax", "broken_before",
                                                         "no_regression", "reproduced"};
};

struct Proof {
  ProofKind kind = ProofKind::none;
  std::string detail;         // why it is of this kind
  std::string output_before;  // of the check on the broken tree, masked and cut
  std::string output_after;
  int exit_before = 0, exit_after = 0;
  std::int64_t wall_ms = 0;
};
template <>
struct FieldsOf<Proof> {
  static constexpr auto table = std::tuple{
      field("kind", &Proof::kind, "kind of proof", true),
      field("detail", &Proof::detail, "why it is of this kind"),
      field("output_before", &Proof::output_before, "check on the broken tree"),
      field("output_after", &Proof::output_after, "check on the fixed tree"),
      field("exit_before", &Proof::exit_before, "exit code before"),
      field("exit_after", &Proof::exit_after, "exit code after"),
      field("wall_ms", &Proof::wall_ms, "time of both, milliseconds"),
  };
};

}  // namespace healer
