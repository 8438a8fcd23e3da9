#include "app/config/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace healer {
namespace {

TEST(Settings, DefaultsPrintAndReadBack) {
  const std::string printed = print_settings(Settings{});
  const auto back = read_settings(printed, "healer.yaml", {});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(print_settings(*back), printed);
}

TEST(Settings, TheDocsHaveThemAll) {
  const std::string path = HEALER_SOURCE "/docs/settings.md";
  const std::string made =
      "# Settings\n\nPrinted by `healer config print` from the table of the settings itself, with "
      "every default. Each is also a\nvariable of the environment: `policy.persist_count` is "
      "`HEALER_POLICY_PERSIST_COUNT`. `live` ones follow SIGHUP.\n\n```yaml\n" +
      print_settings(Settings{}) + "```\n";
  if (std::getenv("HEALER_UPDATE") != nullptr) std::ofstream(path) << made;
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), made) << "run ./dev test --update app_config";
}

TEST(Settings, EnvironmentWinsOverTheFile) {
  const auto read = read_settings("policy:\n  persist_count: 3\nlisten: 127.0.0.1:1\n",
                                  "healer.yaml", {{"HEALER_LISTEN", "127.0.0.1:2"}});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->listen, "127.0.0.1:2");
  EXPECT_EQ(read->policy.persist_count, 3);
}

TEST(Settings, ServicesAndRoutes) {
  const auto read = read_settings(
      "services:\n  - name: shop\n    logs: [/var/log/shop.log]\n    repositories:\n      - url: "
      "/r/shop.git\n"
      "        trust_deploy: true\nnotify:\n  - kind: slack\n    url: http://127.0.0.1/x\n    "
      "severities: critical\n",
      "healer.yaml", {});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->services.at(0).environment, "production");
  EXPECT_TRUE(read->services.at(0).repositories.at(0).trust_deploy);
  EXPECT_EQ(read->notify.at(0).severities, std::vector<std::string>{"critical"});
}

TEST(Settings, WordsThatYamlWouldMistakeReadBackToo) {
  Settings settings;
  settings.agent_argv = {"my-agent", "--file={prompt_file}", "{worktree}", "a, b", "", "null",
                         "x:"};
  settings.hosts = {"*.example.com"};
  settings.llm_model = "org/model #1";
  const auto back = read_settings(print_settings(settings), "healer.yaml", {});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->agent_argv, settings.agent_argv);
  EXPECT_EQ(back->hosts, settings.hosts);
  EXPECT_EQ(back->llm_model, settings.llm_model);
}

TEST(Settings, ModelsInOrder) {
  const auto read = read_settings(
      "llm: {url: http://127.0.0.1:8000/v1/, model: sre, schema: json_object}\n"
      "models:\n  - api: anthropic\n    name: claude\n    model: claude-x\n    key_env: "
      "CLAUDE_KEY\n"
      "    timeout: 30s\n    usd_per_million_input: 3\n    usd_per_million_output: 15.5\n"
      "  - {url: http://127.0.0.1:1/v1, model: other}\n",
      "healer.yaml", {{"CLAUDE_KEY", "k3y"}});
  ASSERT_TRUE(read) << read.error().message;
  const auto models = models_of(*read);
  ASSERT_EQ(models.size(), 3U);
  EXPECT_EQ(models[0].server.url, "http://127.0.0.1:8000/v1");
  EXPECT_EQ(models[0].server.schema, SchemaDialect::json_object);
  EXPECT_EQ(models[1].name, "claude");
  EXPECT_EQ(models[1].server.url, "https://api.anthropic.com/v1");
  EXPECT_EQ(models[1].server.key, "k3y");
  EXPECT_EQ(models[1].server.timeout, Millis(30'000));
  EXPECT_EQ(models[1].usd_per_million_output, 15.5);
  EXPECT_EQ(models[2].name, "other");
}

// A reload keeps what needs a restart: as it is, not as it is printed.
TEST(Settings, AreCopiedAsTheyAre) {
  Settings old, fresh;
  old.hosts = {"a", "b"};
  for (const auto& row : setting_rows()) row.copy(fresh, old);
  EXPECT_EQ(fresh.hosts, old.hosts);
  EXPECT_EQ(fresh.token_admin, "");
}

TEST(Settings, ErrorsSayWhereAndWhat) {
  const auto message = [](std::string_view yaml) {
    return read_settings(yaml, "h.yaml", {}).error().message;
  };
  EXPECT_EQ(message("polcy:\n  x: 1\n"),
            "h.yaml:1: unknown key \"polcy\"; did you mean \"policy\"?");
  EXPECT_EQ(message("policy:\n  persist_cuont: 1\n"),
            "h.yaml:2: unknown key \"persist_cuont\"; did you mean \"persist_count\"?");
  EXPECT_EQ(message("policy:\n  cooldown: soon\n"),
            "h.yaml:2: policy.cooldown: expected a duration such as 30s or 1h30m, found \"soon\"");
  EXPECT_EQ(message("policy:\n  persist_count: -1\n"),
            "h.yaml:2: policy.persist_count: expected a number that is not negative, found \"-1\"");
  EXPECT_EQ(message("log:\n  level: verbose\n"),
            "h.yaml:2: log.level: expected one of debug, info, warn, error, found \"verbose\"");
  EXPECT_EQ(message("orchestrator: kestra\n"),
            "h.yaml:1: orchestrator: expected one of embedded, found \"kestra\"");
  EXPECT_EQ(message("services:\n  - name: a\n  - name: a\n"),
            "h.yaml: service \"a\" is declared twice");
  EXPECT_EQ(message("models:\n  - url: http://a\n"),
            "h.yaml:2: a model needs a model: the name its server knows");
  EXPECT_EQ(message("models:\n  - model: m\n"), "h.yaml:2: a model needs a url");
  EXPECT_EQ(message("models:\n  - {model: m, api: gemini}\n"),
            "h.yaml:2: api \"gemini\" is not openai or anthropic");
  EXPECT_EQ(message("models:\n  - {model: m, url: http://a, schema: xml}\n"),
            "h.yaml:2: schema \"xml\" is not json_schema, json_object or none");
  EXPECT_EQ(message("models:\n  - {model: m, url: http://a, key_env: NONE}\n"),
            "h.yaml:2: key_env: the environment has no NONE");
  EXPECT_EQ(message("models:\n  - {model: m, url: http://a, usd_per_million_input: cheap}\n"),
            "h.yaml:2: usd_per_million_input is dollars for a million tokens, not \"cheap\"");
  EXPECT_EQ(message("models:\n  - {modle: m}\n"),
            "h.yaml:2: unknown key \"modle\"; did you mean \"model\"?");
  EXPECT_EQ(message("notify:\n  - kind: pager\n"),
            "h.yaml:2: kind \"pager\" is not slack, webhook or console");
}

}  // namespace
}  // namespace healer
