#include "stages/fix/fix.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/ids.h"
#include "repo/repo_model.h"
#include "stages/fix/diff.h"
#include "stages/fix/search.h"
#include "tests/case_file.h"

namespace healer {
namespace {

constexpr UnixMs kNow = 1'767'225'600'000;  // when the failure begins

using Files = std::map<std::string, std::string>;

struct Scene {
  Finding finding;
  std::string under;
  Files files;                         // at the base commit
  std::vector<SettingChange> history;  // newest first
};

std::vector<Playbook> playbooks() {
  auto all = parse_playbooks(builtin_playbooks_yaml(), "playbooks");
  EXPECT_TRUE(all) << all.error().message;
  return all ? std::move(*all) : std::vector<Playbook>{};
}

void read_finding(Scene& scene, const std::string& row) {
  std::istringstream in(row);
  for (std::string word; in >> word;) {
    const auto value = word.substr(word.find('=') + 1);
    if (word.starts_with("service="))
      scene.finding.service = value;
    else if (word.starts_with("knowledge="))
      scene.finding.analysis.knowledge = value;
    else if (word.starts_with("under="))
      scene.under = value;
    else if (const auto category = parse_enum<Category>(word))
      scene.finding.analysis.category = *category;
    else
      ADD_FAILURE() << word;
  }
}

// Sections: "=== file PATH"; "=== commit AGE SUBJECT", then "=== before PATH" for each file as it
// was before that commit (newest commit first). Above them `finding:` and `log:` rows.
struct Section {
  std::string kind, rest, body;
};

std::vector<Section> sections(const std::string& input) {
  std::vector<Section> out(1);
  std::istringstream in(input);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      const auto space = line.find(' ', 4);
      out.push_back({line.substr(4, space - 4), line.substr(space + 1), ""});
    } else {
      out.back().body += line + "\n";
    }
  }
  return out;
}

void read_head(Scene& scene, const std::string& body) {
  testing::CaseFile head{"head", "head", body, ""};
  for (const auto& [key, row] : head.rows()) {
    if (key == "finding")
      read_finding(scene, row);
    else if (key == "log")
      scene.finding.evidence.push_back({kNow, "app.log", "h1", row});
    else
      ADD_FAILURE() << key;
  }
}

CommitInfo commit_of(const std::string& rest, std::size_t number) {
  std::istringstream in(rest);
  std::string age, subject;
  in >> age;
  std::getline(in >> std::ws, subject);
  const bool later = age.starts_with('+');
  const auto span = parse_duration(later ? age.substr(1) : age);
  EXPECT_TRUE(span) << rest;
  const std::int64_t by = span.value_or(Millis{0}).count();
  return {fmt::format("c{:06}", number), later ? kNow + by : kNow - by, subject};
}

Scene read(const std::string& input) {
  Scene scene;
  scene.finding.first_seen = scene.finding.last_seen = kNow;
  Files newer;  // each file as it was after the commit that is read
  CommitInfo commit;
  std::size_t commits = 0;
  for (const auto& section : sections(input)) {
    if (section.kind.empty())
      read_head(scene, section.body);
    else if (section.kind == "file")
      newer[section.rest] = scene.files[section.rest] = section.body;
    else if (section.kind == "commit")
      commit = commit_of(section.rest, ++commits);
    else {
      EXPECT_EQ(section.kind, "before");
      for (auto& change : setting_changes(commit, section.rest, section.body, newer[section.rest]))
        scene.history.push_back(std::move(change));
      newer[section.rest] = section.body;
    }
  }
  return scene;
}

RepoModel model_of(const Files& files) {
  const FileSource source = [&](const TakeFile& take) -> Result<bool> {
    for (const auto& [path, text] : files)
      if (!take(path, text)) break;
    return true;
  };
  auto model = build_repo_model(source);
  EXPECT_TRUE(model);
  return model ? std::move(*model) : RepoModel{};
}

std::string diff_of(const Plan& plan, const Files& files) {
  const auto patch = make_patch(plan, [&](const std::string& path) -> std::optional<std::string> {
    const auto it = files.find(path);
    return it == files.end() ? std::nullopt : std::optional(it->second);
  });
  return patch ? patch->diff : "no patch: " + patch.error().message + "\n";
}

std::string told(const Plan& plan) {
  return fmt::format("{} ({:.2f}): {}\n", plan.playbook, plan.confidence, plan.title);
}

std::string answer(const testing::CaseFile& file) {
  static const std::vector<Playbook> kPlaybooks = playbooks();
  const Scene scene = read(file.input);
  const RepoModel repo = model_of(scene.files);
  const PlanResult result = plan(scene.finding, repo, scene.history, kPlaybooks, scene.under);
  if (const auto* one = std::get_if<Plan>(&result)) {
    EXPECT_FALSE(one->risk.empty());
    EXPECT_FALSE(one->rollback.empty());
    EXPECT_FALSE(one->reason.empty());
    EXPECT_EQ(plan_hash(*one).size(), 16U);
    return "plan " + told(*one) + diff_of(*one, scene.files);
  }
  if (const auto* choice = std::get_if<Choice>(&result)) {
    std::string out = "choice\n";
    for (const auto& one : choice->plans) out += "- " + told(one);
    return out;
  }
  return "refusal: " + std::get<Refusal>(result).because + "\n";
}

TEST(Fix, Cases) { EXPECT_GE(testing::check_cases(HEALER_CASES "/fix", ".case", answer), 25U); }

std::string fitting(const testing::CaseFile& file) {
  static const std::vector<Playbook> kPlaybooks = playbooks();
  std::string out;
  std::istringstream in(file.input);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    Finding finding;
    const auto bar = line.find(" | ");
    finding.analysis.category = parse_enum<Category>(line.substr(0, bar)).value();
    finding.evidence.push_back({kNow, "app.log", "h1", line.substr(bar + 3)});
    std::vector<std::string> refused;
    const Symptom symptom = symptom_of(finding);
    std::string names;
    for (const auto& match : matches(symptom, kPlaybooks, refused))
      names += " " + match.playbook->id;
    for (const auto& reason : refused) names += " not:" + reason.substr(0, reason.find(':'));
    out += fmt::format("{} <-{}\n", line.substr(bar + 3, 40), names);
  }
  return out;
}

TEST(Fix, WordingsOfTheSameFailure) {
  EXPECT_EQ(testing::check_cases(HEALER_CASES "/fix", ".wordings", fitting), 1U);
}

Plan a_plan() {
  Plan plan;
  plan.playbook = "p";
  plan.edits.push_back({"a.yaml", EditOp::set, "pool.max", "2", "20", 2});
  return plan;
}

ReadFile reader(std::string text) {
  return [text = std::move(text)](const std::string&) { return std::optional(text); };
}

TEST(Patch, RefusesWhatIsNoLongerThere) {
  const auto moved = make_patch(a_plan(), reader("pool:\n  max: 3\n"));
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, Errc::conflict);
  EXPECT_EQ(make_patch(a_plan(), reader("pool: {}\n")).error().code, Errc::conflict);
  const auto none = make_patch(a_plan(), [](const std::string&) { return std::nullopt; });
  EXPECT_EQ(none.error().code, Errc::not_found);
}

TEST(Patch, KeepsEverythingElse) {
  const auto patch = make_patch(a_plan(), reader("# pools\r\npool:\r\n  max: 2   # few\r\n"));
  ASSERT_TRUE(patch) << patch.error().message;
  EXPECT_EQ(patch->files.at(0).after, "# pools\r\npool:\r\n  max: 20   # few\r\n");
}

TEST(Patch, ReplacesAUniqueText) {
  Plan plan = a_plan();
  plan.edits[0].op = EditOp::replace_text;
  EXPECT_EQ(make_patch(plan, reader("x 2 y\n"))->files[0].after, "x 20 y\n");
  EXPECT_FALSE(make_patch(plan, reader("2 2\n")));
  EXPECT_FALSE(make_patch(plan, reader("x\n")));
}

// What line_edits() says, carried out, is what somebody made.
void expect_remade(const std::string& before, const std::string& after) {
  Plan plan;
  plan.edits = line_edits("a.txt", before, after);
  const auto patch = make_patch(plan, reader(before));
  ASSERT_TRUE(patch) << patch.error().message << "\n" << before << "---\n" << after;
  EXPECT_EQ(patch->files.at(0).after, after) << before;
}

TEST(LineEdits, RemakeWhateverWasMade) {
  expect_remade("a\nb\nc\n", "a\nB\nc\n");
  expect_remade("a\nb\nc\n", "x\na\nc\nd\ne\n");
  expect_remade("", "new\n");
  expect_remade("old\n", "");
  expect_remade("a\nb", "a\nb\n");
  expect_remade("a\nb\n", "a\nb");
  expect_remade("a\nb", "a\nb\nc\n");
  expect_remade("a\r\nb\r\n", "a\nb\r\n");
  EXPECT_TRUE(line_edits("a.txt", "same\n", "same\n").empty());
  FakeIds random(7);
  for (int round = 0; round < 2000; ++round) {
    const auto text = [&] {
      std::string out;
      for (std::uint64_t n = random.random_u64() % 8; n > 0; --n)
        out += static_cast<char>('a' + random.random_u64() % 3), out += '\n';
      if (random.random_u64() % 4 == 0 && !out.empty()) out.pop_back();
      return out;
    };
    const std::string before = text(), after = text();
    if (before != after) expect_remade(before, after);
  }
}

TEST(LineEdits, TwoHunksAreTwoEditsTheLastOneFirst) {
  const auto edits = line_edits("a.txt", "1\n2\n3\n4\n5\n", "one\n2\n3\n4\n4b\n5\n");
  ASSERT_EQ(edits.size(), 2U);
  EXPECT_EQ(edits[0].line, 5U);
  EXPECT_EQ(edits[0].old_value, "");
  EXPECT_EQ(edits[0].new_value, "4b\n");
  EXPECT_EQ(edits[1].line, 1U);
  EXPECT_EQ(edits[1].old_value, "1\n");
}

TEST(Patch, LinesThatMovedAreAConflict) {
  Plan plan;
  plan.edits = line_edits("a.txt", "1\n2\n3\n", "1\ntwo\n3\n");
  EXPECT_EQ(make_patch(plan, reader("0\n1\n2\n3\n")).error().code, Errc::conflict);
  EXPECT_EQ(make_patch(plan, reader("1\n")).error().code, Errc::conflict);
  EXPECT_EQ(make_patch(plan, reader("1\n2\n3\nmore\n"))->files[0].after, "1\ntwo\n3\nmore\n");
}

TEST(Patch, WholeFilesComeAndGo) {
  Plan plan;
  plan.edits = {{.file = "new.sh",
                 .op = EditOp::create_file,
                 .path = {},
                 .new_value = "x\n",
                 .executable = true},
                {.file = "old.txt",
                 .op = EditOp::delete_file,
                 .path = {},
                 .old_value = content_hash("old\n")}};
  const auto there = [](std::string old, std::optional<std::string> now) {
    return [=](const std::string& path) -> std::optional<std::string> {
      return path == "old.txt" ? std::optional(old) : now;
    };
  };
  const auto patch = make_patch(plan, there("old\n", {}));
  ASSERT_TRUE(patch) << patch.error().message;
  EXPECT_FALSE(patch->files.at(0).before);
  EXPECT_TRUE(patch->files.at(0).executable);
  EXPECT_FALSE(patch->files.at(1).after);
  EXPECT_EQ(make_patch(plan, there("newer\n", {})).error().code, Errc::conflict);
  EXPECT_EQ(make_patch(plan, there("old\n", "y")).error().code, Errc::conflict);
  EXPECT_EQ(describe(plan), "new.sh: new file, old.txt: remove the file");
  Plan plain = plan;
  plain.edits[0].executable = false;
  EXPECT_NE(plan_hash(plan), plan_hash(plain));
}

TEST(PlanHash, NamesTheEdits) {
  const Plan plan = a_plan();
  Plan other = plan;
  other.reason = "told otherwise";
  EXPECT_EQ(plan_hash(plan), plan_hash(other));
  other.edits[0].new_value = "21";
  EXPECT_NE(plan_hash(plan), plan_hash(other));
  // Fields do not run into each other.
  Plan a = plan, b = plan;
  a.edits[0].old_value = "2;";
  b.edits[0].new_value = ";20";
  EXPECT_NE(plan_hash(a), plan_hash(b));
}

TEST(Diff, AsGitPrintsIt) {
  std::string before, after;
  for (int i = 1; i <= 30; ++i) {
    before += fmt::format("line {}\n", i);
    after += fmt::format("line {}\n", i == 5 || i == 25 ? i * 100 : i);
  }
  const auto diff = unified_diff({{"dir/a.txt", before, after, false}});
  EXPECT_TRUE(
      diff.starts_with("diff --git a/dir/a.txt b/dir/a.txt\n--- a/dir/a.txt\n+++ b/dir/a.txt\n@@ "
                       "-2,7 +2,7 @@\n line "
                       "2\n line 3\n line 4\n-line 5\n+line 500\n line 6\n"))
      << diff;
  EXPECT_TRUE(diff.contains("@@ -22,7 +22,7 @@\n")) << diff;
}

TEST(Diff, FilesThatComeAndGo) {
  EXPECT_EQ(
      unified_diff({{"n", std::nullopt, "x\n", false}}),
      "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n");
  EXPECT_EQ(unified_diff({{"n", "x\n", std::nullopt, true}}),
            "diff --git a/n b/n\ndeleted file mode 100755\n--- a/n\n+++ /dev/null\n@@ -1 +0,0 "
            "@@\n-x\n");
  EXPECT_EQ(unified_diff({{"n", "x", "x\n", false}}),
            "diff --git a/n b/n\n--- a/n\n+++ b/n\n@@ -1 +1 @@\n-x\n\\ No newline at end of "
            "file\n+x\n");
  EXPECT_EQ(unified_diff({{"a\xc3\xa4", "x\n", "y\n", false}}).substr(0, 39),
            "diff --git \"a/a\\303\\244\" \"b/a\\303\\244\"\n");
  EXPECT_TRUE(unified_diff({{"b", "x", std::string("a\0", 2), false}}).contains("Binary files"));
  EXPECT_EQ(unified_diff({{"same", "x", "x", false}}), "");
}

TEST(History, NamedItemsOfListsKeepTheirIdentity) {
  const auto changes = setting_changes(
      {"c", 1, "s"}, "d.yaml", "env:\n- {name: A, value: \"1\"}\n- {name: POOL, value: \"20\"}\n",
      "env:\n- {name: NEW, value: x}\n- {name: A, value: \"1\"}\n- {name: POOL, value: \"2\"}\n");
  std::vector<std::string> told;
  for (const auto& change : changes)
    told.push_back(fmt::format("{}: {} to {}", change.path, change.old_value, change.new_value));
  std::ranges::sort(told);
  EXPECT_EQ(told, (std::vector<std::string>{"env[0].name:  to NEW", "env[0].value:  to x",
                                            "env[2].value: 20 to 2"}));
}

TEST(History, WhatDoesNotParseChangesNothing) {
  EXPECT_TRUE(setting_changes({}, "a.yaml", "a: [", "a: 1\n").empty());
  EXPECT_TRUE(setting_changes({}, "a.bin", "a", "b").empty());
  EXPECT_EQ(setting_changes({}, "a.yaml", "a: 1\n", "").size(), 1U);
}

TEST(Playbooks, BuiltIn) {
  const auto all = playbooks();
  EXPECT_GE(all.size(), 12U);
  for (const auto& playbook : all) EXPECT_FALSE(playbook.text.empty()) << playbook.id;
}

TEST(Playbooks, Errors) {
  const auto wrong = [](const std::string& extra) {
    const auto parsed = parse_playbooks(
        "id: a\ntitle: t\nprove: p\nrisk: r\nrollback: b\nmatch: {text: [x]}\n" + extra, "n");
    return parsed ? std::string("fine") : parsed.error().message;
  };
  EXPECT_EQ(wrong("settings: [{names: [a b], type: integer}]\n"), "fine");
  EXPECT_TRUE(wrong("settings: [{nams: [a]}]\n").contains("did you mean \"names\""));
  EXPECT_TRUE(wrong("settings: [{names: [a], type: int}]\n").contains("must be one of"));
  EXPECT_TRUE(wrong("settings: [{names: [a], from: [scale]}]\n").contains("direction"));
  EXPECT_TRUE(wrong("settings: [{names: [a], current: x}]\n").contains("no capture"));
  EXPECT_TRUE(wrong("settings: [{names: [a], min: 5, max: 2}]\n").contains("above"));
  EXPECT_TRUE(wrong("settings: [{names: [a]}]\nrefuse: ['(']\n").contains("pattern"));
  EXPECT_TRUE(
      wrong("capture: {c: {pattern: x}}\nsettings: [{names: [a]}]\n").contains("one group"));
  EXPECT_TRUE(wrong("").contains("settings is missing"));
  EXPECT_FALSE(parse_playbooks("id: a\n", "n"));
  EXPECT_TRUE(parse_playbooks("", "n")->empty());
}

}  // namespace
}  // namespace healer
