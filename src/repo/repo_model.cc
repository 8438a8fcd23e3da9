#include "repo/repo_model.h"

#include <algorithm>

#include "base/limits.h"
#include "base/metrics.h"
#include "repo/classify.h"
#include "repo/directory_source.h"
#include "repo/documented.h"
#include "repo/effective.h"
#include "repo/names.h"
#include "repo/references.h"

namespace healer {
namespace {

constexpr std::size_t kSniffBytes = 8 * 1024;

bool is_binary(std::string_view text) {
  return text.substr(0, kSniffBytes).find('\0') != std::string_view::npos;
}

class Builder {
 public:
  bool take(std::string_view path, std::string_view text) {
    if (!worth_reading(path)) return true;
    if (text.size() > limits::kRepoFileBytesMax || is_binary(text)) return true;
    if (model_.files.size() >= limits::kRepoFilesMax ||
        model_.settings.size() >= limits::kRepoSettingsMax) {
      cut();
      return false;
    }
    RepoFile file;
    file.path = path;
    file.size = text.size();
    file.format = format_of(path);
    file.kind = kind_of_file(path, file.format);
    read(file, text);
    model_.files.push_back(std::move(file));
    return true;
  }

  void cut() {
    model_.truncated = true;
    Metrics::counter("repo_limit_hits").fetch_add(1);
  }

  RepoModel finish() {
    std::ranges::sort(model_.files, {}, &RepoFile::path);
    return std::move(model_);
  }

 private:
  void read(RepoFile& file, std::string_view text) {
    if (has_placeholders(file.path, file.format)) find_placeholders(file.path, text, model_.env);
    if (file.kind == FileKind::doc) read_document(file.path, text, model_.docs);
    if (file.kind == FileKind::code || file.kind == FileKind::test) {
      const std::size_t first = model_.env.size();
      find_env_reads(file.path, text, model_.env);
      for (std::size_t i = first; i < model_.env.size() && file.kind == FileKind::code; ++i)
        fallback(model_.env[i]);
    }
    if (file.format) read_settings(file, text);
  }

  // getenv("POOL", "20") says what the author thought right.
  void fallback(const EnvReference& read) {
    if (!read.fallback || read.fallback->empty()) return;
    model_.docs.push_back({read.file, read.line, read.name, DocumentedValue::Kind::fallback,
                           *read.fallback, read.name + " defaults to " + *read.fallback});
  }

  void read_settings(RepoFile& file, std::string_view text) {
    if (text.size() > limits::kConfigFileBytesMax) {
      file.unparsed = "more than " + std::to_string(limits::kConfigFileBytesMax) + " bytes";
      Metrics::counter("repo_limit_hits").fetch_add(1);
      return;
    }
    auto settings = settings_of(*file.format, text);
    if (!settings) {
      file.unparsed = settings.error().message;
      return;
    }
    std::vector<RepoSetting> seen;
    add_effective_settings(file.path, std::move(*settings), seen);
    read_comments(seen, model_.docs);
    if (is_example_file(file.path))
      read_example(seen, model_.docs);
    else
      std::ranges::move(seen, std::back_inserter(model_.settings));
  }

  RepoModel model_;
};

template <class T>
std::vector<const T*> query(const std::vector<T>& all, std::string_view name,
                            std::string_view under) {
  const NamePattern pattern(name);
  std::vector<const T*> out;
  for (const T& one : all)
    if (is_below(one.file, under) && pattern.matches(one.name)) out.push_back(&one);
  return out;
}

}  // namespace

std::vector<const RepoSetting*> RepoModel::find_settings(std::string_view name,
                                                         std::string_view under) const {
  return query(settings, name, under);
}

std::vector<const DocumentedValue*> RepoModel::documented(std::string_view name,
                                                          std::string_view under) const {
  return query(docs, name, under);
}

std::vector<const EnvReference*> RepoModel::references(std::string_view name,
                                                       std::string_view under) const {
  return query(env, name, under);
}

const RepoFile* RepoModel::file(std::string_view path) const {
  const auto it = std::ranges::lower_bound(
      files, path, {}, [](const RepoFile& f) { return std::string_view(f.path); });
  return it != files.end() && it->path == path ? &*it : nullptr;
}

Result<RepoModel> build_repo_model(const FileSource& source) {
  Builder builder;
  const bool whole = TRY(source(
      [&](std::string_view path, std::string_view text) { return builder.take(path, text); }));
  if (!whole) builder.cut();
  return builder.finish();
}

}  // namespace healer
