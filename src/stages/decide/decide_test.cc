#include "stages/decide/decide.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "stages/decide/rules.h"
#include "tests/case_file.h"

namespace healer {
namespace {

constexpr UnixMs kNow = 1'767'225'600'000;

// Words of a row; "…" is one word.
std::vector<std::string> words(const std::string& row) {
  std::vector<std::string> out;
  std::istringstream in(row);
  for (std::string word; in >> word;) {
    if (word.front() == '"') {
      while (word.back() != '"' || word.size() == 1) {
        std::string more;
        if (!(in >> more)) break;
        word += " " + more;
      }
      word = word.substr(1, word.size() - 2);
    }
    out.push_back(word);
  }
  return out;
}

Millis span(const std::string& text) {
  const auto value = parse_duration(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(Millis{0});
}

template <class E>
E word_as(const std::string& text) {
  const auto value = parse_enum<E>(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(E{});
}

struct Scene {
  Finding finding;
  IncidentView view;
  Policy policy;

  Scene() {
    view.service_known = true;
    view.has_evidence = true;
    view.failing_services = 1;
    view.occurrences = 7;
    view.rules.present = true;
    finding.last_seen = kNow;
    finding.analysis.uncertain = false;
  }
};

void read_finding(Scene& scene, const std::string& row) {
  const auto all = words(row);
  scene.finding.analysis.severity = word_as<Severity>(all.at(0));
  scene.finding.analysis.category = word_as<Category>(all.at(1));
  scene.finding.analysis.summary = all.at(2);
  for (std::size_t i = 3; i < all.size(); ++i) {
    const auto& word = all[i];
    const auto value = word.substr(word.find('=') + 1);
    if (word.starts_with("service="))
      scene.view.service_known = value != "unknown";
    else if (word == "no-repository")
      scene.view.has_repository = false;
    else if (word.starts_with("confidence="))
      scene.finding.analysis.confidence = std::stod(value);
    else if (word.starts_with("seen="))
      scene.view.occurrences = std::stoi(value);
    else if (word.starts_with("last="))
      scene.finding.last_seen = kNow - span(value).count();
    else if (word.starts_with("age="))
      scene.view.record_age = span(value);
    else if (word == "uncertain")
      scene.finding.analysis.uncertain = true;
    else if (word == "death")
      scene.finding.process_death = true;
    else if (word == "firing")
      scene.finding.alert_firing = true;
    else if (word == "resolved")
      scene.finding.alert_resolved = true;
    else if (word == "no-evidence")
      scene.view.has_evidence = false;
    else
      ADD_FAILURE() << word;
  }
}

void read_policy(Policy& policy, const std::string& row) {
  for (const auto& word : words(row)) {
    const auto key = word.substr(0, word.find('='));
    const auto value = word.substr(word.find('=') + 1);
    if (key == "autonomy")
      policy.autonomy = word_as<Autonomy>(value);
    else if (key == "autonomy_remote")
      policy.autonomy_remote = word_as<Autonomy>(value);
    else if (key == "kill_switch")
      policy.kill_switch = value == "on";
    else if (key == "persist_count")
      policy.persist_count = std::stoi(value);
    else if (key == "open_prs_per_repository_max")
      policy.open_prs_per_repository_max = std::stoi(value);
    else if (key == "storm_services")
      policy.storm_services = std::stoi(value);
    else if (key == "cooldown")
      policy.cooldown = span(value);
    else if (key == "confidence_min")
      policy.confidence_min = std::stod(value);
    else
      ADD_FAILURE() << word;
  }
}

void read_failing(IncidentView& view, const std::string& row) {
  view.failing_services = static_cast<int>(std::ranges::count(row, ',')) + 1;
  if (const auto at = row.find("parent="); at != std::string::npos)
    view.storm_parent = row.substr(at + 7);
}

void read_approval(IncidentView& view, const std::string& row) {
  const auto all = words(row);
  view.approved_plan = all.at(0);
  view.approved_at = kNow - span(all.at(1)).count();
}

void read_row(Scene& scene, const std::string& key, const std::string& row) {
  IncidentView& view = scene.view;
  const auto all = words(row);
  if (key == "finding")
    read_finding(scene, row);
  else if (key == "policy")
    read_policy(scene.policy, row);
  else if (key == "forge")
    view.forge_hosted = row == "hosted";
  else if (key == "rules") {
    std::string yaml = row;
    view.rules = {};
    if (row == "none") return;
    const auto rules = parse_repository_rules(yaml);
    ASSERT_TRUE(rules) << rules.error().message;
    view.rules = *rules;
  } else if (key == "open") {
    view.open_prs_repository = std::stoi(all.at(0));
    view.open_prs = std::stoi(all.at(1));
  } else if (key == "failing")
    read_failing(view, row);
  else if (key == "attempts")
    view.attempts = std::stoi(row);
  else if (key == "last fix")
    view.last_fix_end = kNow - span(all.at(0)).count();
  else if (key == "failed fixes") {
    view.failed_fixes = std::stoi(all.at(0));
    view.oldest_failed_fix = kNow - span(all.at(1)).count();
  } else if (key == "setting changed")
    view.setting_changed_at = kNow - span(all.at(0)).count();
  else if (key == "declined")
    view.declined = row == "yes";
  else if (key == "silenced")
    view.silenced_until = row == "yes" ? kNow + 3'600'000 : 0;
  else if (key == "request")
    view.request = word_as<Request>(row);
  else if (key == "plan") {
    view.plan_hash = all.at(0);
    view.touched.assign(all.begin() + 1, all.end());
  } else if (key == "approval")
    read_approval(view, row);
  else
    ADD_FAILURE() << key;
}

TEST(Decide, Cases) {
  const auto answer = [](const testing::CaseFile& file) {
    Scene scene;
    for (const auto& [key, row] : file.rows()) read_row(scene, key, row);
    const Decision decision = decide(scene.finding, scene.view, scene.policy, kNow);
    std::string out = fmt::format("action:   {}\n", to_string(decision.action));
    if (decision.action == Action::fix)
      out += fmt::format("autonomy: {}\n", to_string(decision.autonomy));
    out += fmt::format("because:  {}\n", decision.because);
    if (decision.recheck_at != 0)
      out += fmt::format("recheck:  in {}\n", format_duration(Millis(decision.recheck_at - kNow)));
    return out;
  };
  EXPECT_GE(testing::check_cases(HEALER_CASES "/decide", ".case", answer), 40U);
}

// What waits must be able to end: the time to look again lies in the future.
TEST(Decide, WaitsNameAFutureTime) {
  Scene scene;
  scene.finding.analysis.severity = Severity::high;
  scene.finding.analysis.confidence = 0.9;
  scene.view.failed_fixes = 3;
  scene.view.oldest_failed_fix = 1;
  const Decision decision = decide(scene.finding, scene.view, scene.policy, kNow);
  EXPECT_EQ(decision.action, Action::wait);
  EXPECT_GT(decision.recheck_at, kNow);
}

TEST(Rules, Cases) {
  const auto answer = [](const testing::CaseFile& file) {
    const auto rules = parse_repository_rules(file.input);
    if (!rules) return "error: " + rules.error().message + "\n";
    std::string out = fmt::format("autonomy: {}\n", to_string(rules->autonomy));
    for (const auto& [k, v] : rules->autonomy_by_severity)
      out += fmt::format("  {}: {}\n", to_string(k), to_string(v));
    for (const auto& [k, v] : rules->autonomy_by_category)
      out += fmt::format("  {}: {}\n", to_string(k), to_string(v));
    for (const auto& [k, v] : rules->autonomy_by_path)
      out += fmt::format("  {}: {}\n", k, to_string(v));
    for (const auto& [k, v] : rules->service_paths)
      out += fmt::format("service {}: \"{}\"\n", k, v);
    out += fmt::format("setup: {}\ncheck: {}\ndeploy: {}\n", fmt::join(rules->setup, "|"),
                       fmt::join(rules->check, "|"), fmt::join(rules->deploy, "|"));
    out += fmt::format("guarded: {}\nforbidden: {}\n", fmt::join(rules->guarded, "|"),
                       fmt::join(rules->forbidden, "|"));
    out += fmt::format("agent: {}\nverify: {}\nbase: \"{}\"\n", rules->agent,
                       format_duration(rules->verify_min), rules->base_branch);
    return out;
  };
  EXPECT_GE(testing::check_cases(HEALER_CASES "/decide", ".rules", answer), 10U);
}

}  // namespace
}  // namespace healer
