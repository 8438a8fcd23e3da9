#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "repo/directory_source.h"
#include "repo/repo_model.h"

// tests/cases/repo/*.case: `==== file PATH` and its text, as often as needed; then questions:
// `==== files`, `==== find NAME | UNDER`, `==== documented NAME | UNDER`, `==== references NAME |
// UNDER`, `==== set NAME | VALUE` (of the first hit of find). HEALER_UPDATE=1 writes the answers.
namespace healer {
namespace {

namespace fs = std::filesystem;
using Files = std::vector<std::pair<std::string, std::string>>;

FileSource source_of(const Files& files) {
  return [files](const TakeFile& take) -> Result<bool> {
    for (const auto& [path, text] : files)
      if (!take(path, text)) return true;
    return true;
  };
}

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (std::size_t hit; (hit = text.find(by, at)) != text.npos; at = hit + by.size())
    out.emplace_back(text.substr(at, hit - at));
  out.emplace_back(text.substr(at));
  return out;
}

std::string_view kind_name(DocumentedValue::Kind kind) {
  switch (kind) {
    case DocumentedValue::Kind::example: return "example";
    case DocumentedValue::Kind::recommended: return "recommended";
    case DocumentedValue::Kind::fallback: return "fallback";
    case DocumentedValue::Kind::at_least: return "at least";
    case DocumentedValue::Kind::at_most: break;
  }
  return "at most";
}

std::string place(const std::string& file, std::size_t line) {
  return file + ":" + std::to_string(line) + " ";
}

std::string changed(const std::string& before, const std::string& after) {
  const auto a = split(before, "\n"), b = split(after, "\n");
  std::string out;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    if (i >= a.size() || i >= b.size() || a[i] != b[i])
      out += "- " + (i < a.size() ? a[i] : "") + "\n+ " + (i < b.size() ? b[i] : "") + "\n";
  return out;
}

std::string set_first(const RepoModel& model, const Files& files, const std::string& name,
                      const std::string& value) {
  const auto found = model.find_settings(name);
  if (found.empty()) return "nothing\n";
  for (const auto& [path, text] : files) {
    if (path != found.front()->file) continue;
    const auto after = set_setting(text, *found.front(), value);
    return after ? changed(text, *after) : "error " + after.error().message + "\n";
  }
  return "no file\n";
}

std::string answer(const RepoModel& model, const Files& files, const std::string& question) {
  const std::string verb = question.substr(0, question.find(' '));
  const auto words =
      split(verb.size() < question.size() ? question.substr(verb.size() + 1) : "", " | ");
  const std::string under = words.size() > 1 ? words[1] : "";
  std::string out;
  if (verb == "files")
    for (const auto& file : model.files)
      out += file.path + " " + std::string(to_string(file.kind)) + " " +
             (file.format ? std::string(to_string(*file.format)) : "-") +
             (file.unparsed.empty() ? "" : " unparsed: " + file.unparsed) + "\n";
  else if (verb == "find")
    for (const auto* s : model.find_settings(words[0], under))
      out += place(s->file, s->setting.line) + s->name + " = " + s->value + " (" + s->setting.path +
             ")\n";
  else if (verb == "documented")
    for (const auto* d : model.documented(words[0], under))
      out += place(d->file, d->line) + d->name + " " + std::string(kind_name(d->kind)) + " " +
             d->value + " <- " + d->text + "\n";
  else if (verb == "references")
    for (const auto* r : model.references(words[0], under))
      out += place(r->file, r->line) + r->name +
             (r->fallback ? " or \"" + *r->fallback + "\"" : "") + "\n";
  else if (verb == "set")
    out = set_first(model, files, words[0], under);
  else
    out = "unknown question\n";
  return out.empty() ? "nothing\n" : out;
}

void check(const fs::path& path) {
  std::stringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string text = "\n" + content.str();
  const auto sections = split(text, "\n==== ");
  Files files;
  std::string actual;
  for (std::size_t i = 1; i < sections.size() && sections[i].starts_with("file "); ++i) {
    const std::size_t end = sections[i].find('\n');
    files.emplace_back(sections[i].substr(5, end - 5),
                       end == std::string::npos ? "" : sections[i].substr(end + 1) + "\n");
    actual += "==== " + sections[i] + "\n";
  }
  const auto model = build_repo_model(source_of(files));
  ASSERT_TRUE(model) << path;
  for (std::size_t i = files.size() + 1; i < sections.size(); ++i) {
    const std::string question = sections[i].substr(0, sections[i].find('\n'));
    actual += "==== " + question + "\n" + answer(*model, files, question);
  }
  if (actual == content.str()) return;
  if (std::getenv("HEALER_UPDATE") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  EXPECT_EQ(actual, content.str()) << path;
}

TEST(RepoCases, AnswerAsWritten) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(HEALER_CASES) / "repo")) {
    if (entry.path().extension() != ".case") continue;
    check(entry.path());
    ++files;
  }
  EXPECT_GE(files, 6U);
}

TEST(Names, OneNameInManySpellings) {
  for (const std::string_view spelling :
       {"max_connections", "maxConnections", "MAX-CONNECTIONS", "max.connections",
        "Max Connections", "@1.max_connections", "max_connections[3]", "MaxConnections"})
    EXPECT_EQ(normalise_name(spelling), "max_connections") << spelling;
  EXPECT_EQ(normalise_name("HTTPServerPort"), "http_server_port");
  EXPECT_EQ(normalise_name("spec.containers[0].env[12].value"), "spec_containers_env_value");
  EXPECT_EQ(normalise_name(""), "");
  EXPECT_EQ(normalise_name("@"), "");
}

TEST(WorthReading, LeavesOutWhatNobodyWrote) {
  for (const std::string_view path :
       {"node_modules/a/package.json", "a/vendor/b.yaml", "dist/x.json", "package-lock.json",
        "go.sum", "a/b/poetry.lock", "logo.png", "a.min.js", ".git/config"})
    EXPECT_FALSE(worth_reading(path)) << path;
  for (const std::string_view path : {"config/app.yaml", ".env", "vendor.yaml", "src/build.rs"})
    EXPECT_TRUE(worth_reading(path)) << path;
}

class Tree : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "repo_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  fs::path root_;
};

TEST_F(Tree, ReadsWhatIsThereAndFollowsNothing) {
  write("a/config.yaml", "x: 1\n");
  write("node_modules/m/config.yaml", "x: 2\n");
  write(".git/config", "[x]\ny = 1\n");
  write("binary.yaml", std::string("x: 1\n\0", 6));
  write("large.json", std::string(3 * 1024 * 1024, ' '));
  write("data.json", "[" + std::string(300 * 1024, ' ') + "]");
  fs::create_symlink("/etc", root_ / "etc");
  fs::create_symlink(root_ / "a/config.yaml", root_ / "link.yaml");
  fs::create_symlink(".", root_ / "a/loop");
  ASSERT_EQ(mkfifo((root_ / "pipe.yaml").c_str(), 0600), 0);
  const auto model = build_repo_model(read_directory_tree(root_.string()));
  ASSERT_TRUE(model);
  ASSERT_EQ(model->files.size(), 2U);
  EXPECT_EQ(model->files[0].path, "a/config.yaml");
  EXPECT_EQ(model->files[1].path, "data.json");
  EXPECT_FALSE(model->files[1].unparsed.empty());
  EXPECT_FALSE(model->truncated);
  EXPECT_EQ(model->find_settings("x").size(), 1U);
  EXPECT_NE(model->file("a/config.yaml"), nullptr);
  EXPECT_EQ(model->file("a/config"), nullptr);
  EXPECT_EQ(build_repo_model(read_directory_tree((root_ / "nope").string())).error().code,
            Errc::io);
}

TEST(Limits, TooManyFilesAreCut) {
  const FileSource source = [](const TakeFile& take) -> Result<bool> {
    for (int i = 0;; ++i)
      if (!take("f" + std::to_string(i) + ".env", "A=1\n")) return true;
  };
  const auto model = build_repo_model(source);
  ASSERT_TRUE(model);
  EXPECT_TRUE(model->truncated);
  EXPECT_EQ(model->files.size(), 50'000U);
}

TEST(Speed, TwentyThousandSmallFiles) {
  const std::string yaml =
      "# service\nname: shop\nreplicas: 2\npool:\n  size: 5  # at least 10\n  timeout: 30s\n"
      "env:\n- name: POOL_SIZE\n  value: \"5\"\n- name: URL\n  value: postgres://db:5432/shop\n";
  const std::string code =
      "import os\n\n\ndef pool():\n    return int(os.environ.get(\"POOL_SIZE\", \"20\"))\n";
  const FileSource source = [&](const TakeFile& take) -> Result<bool> {
    for (int i = 0; i < 20'000; ++i) {
      const std::string path = "svc" + std::to_string(i % 100) + "/f" + std::to_string(i);
      if (!take(path + (i % 2 == 0 ? ".yaml" : ".py"), i % 2 == 0 ? yaml : code)) return true;
    }
    return true;
  };
  const auto begin = std::chrono::steady_clock::now();
  const auto model = build_repo_model(source);
  const auto found = model->find_settings("pool_size", "svc2");
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(found.size(), 400U);  // pool.size and POOL_SIZE
  EXPECT_EQ(model->files.size(), 20'000U);
  RecordProperty("milliseconds", static_cast<int>(seconds.count() * 1000));
  EXPECT_LT(seconds.count(), 5.0);
}

}  // namespace
}  // namespace healer
