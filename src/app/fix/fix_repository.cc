#include "app/fix/fix_repository.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "repo/directory_source.h"
#include "stages/decide/rules.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHistoryCommits = 50;

// Whether `path` stays below `folder` when every link is followed.
bool is_below(const fs::path& folder, const fs::path& path) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return false;
  const fs::path real = fs::weakly_canonical(path, error);
  if (error) return false;
  const auto relative = real.lexically_relative(root);
  return !relative.empty() && *relative.begin() != "..";
}

Result<void> read_rules(FixRepository& out) {
  const auto text = read_below(out.tree, ".healer.yml");
  if (!text) return {};
  auto rules = parse_repository_rules(*text);
  if (!rules) return fail(rules.error().code, out.folder + ": " + rules.error().message);
  out.rules = std::move(*rules);
  return {};
}

Result<void> read_history(FixRepository& out) {
  for (const auto& file : TRY(work_folder_history(out.folder, kHistoryCommits))) {
    if (file.commit.ours) continue;
    const CommitInfo commit{
        .commit = file.commit.sha, .time = file.commit.time, .subject = file.commit.subject};
    std::ranges::move(setting_changes(commit, file.path, file.before, file.after),
                      std::back_inserter(out.history));
  }
  return {};
}

// A remote on this machine takes the pull request; otherwise the working copy itself does.
std::string url_of(const std::string& folder, const WorkFolder& here, bool bare) {
  std::error_code error;
  const std::string origin =
      here.origin.starts_with("file://") ? here.origin.substr(7) : here.origin;
  if (!origin.empty() && origin.front() == '/' && fs::is_directory(origin, error)) return origin;
  const std::string own = fs::absolute(folder).lexically_normal().string();
  return bare ? own : own + (own.ends_with('/') ? ".git" : "/.git");
}

Result<void> check_out(FixRepository& out, GitMirrors& mirrors) {
  if (out.sha.empty())
    return fail(Errc::not_found, out.folder + ": nothing is committed there yet");
  if (out.branch.empty())
    return fail(Errc::not_found, out.folder + ": no branch is checked out there");
  const auto head = TRY(mirrors.fetch(out.url, out.branch));
  if (!TRY(mirrors.has(out.url, out.sha)))
    return fail(Errc::conflict, fmt::format("{}: commit {} is not in {} yet; push it first",
                                            out.folder, out.sha.substr(0, 12), out.url));
  out.sha = head.sha;
  out.checked_out.emplace(TRY(TreeFolder::make()));
  out.tree = out.checked_out->path();
  return mirrors.materialise(out.url, out.sha, out.tree);
}

}  // namespace

std::string FixRepository::service_path(const std::string& service) const {
  const auto it = rules.service_paths.find(service);
  return it == rules.service_paths.end() ? std::string() : it->second;
}

Result<FixRepository> open_fix_repository(const std::string& folder, FixBase base,
                                          GitMirrors& mirrors) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return fail(Errc::not_found, folder + ": there is no such folder");
  FixRepository out{.folder = folder, .tree = folder};
  const bool bare = fs::exists(folder + "/HEAD") && fs::exists(folder + "/objects");
  if (bare || fs::exists(folder + "/.git")) {
    const WorkFolder here = TRY(read_work_folder(folder));
    out.branch = here.branch;
    out.sha = here.sha;
    out.url = url_of(folder, here, bare);
    TRY(read_history(out));
  } else if (base == FixBase::commit) {
    return fail(Errc::not_found, folder + ": no git repository, so there is no pull request");
  }
  if (bare || base == FixBase::commit) TRY(check_out(out, mirrors));
  TRY(read_rules(out));
  out.model = TRY(build_repo_model(read_directory_tree(out.tree)));
  return out;
}

Result<void> copy_files(const std::string& from, const std::string& to) {
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(from, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const fs::path relative = it->path().lexically_relative(from), target = to / relative;
    if (relative == ".git") {
      it.disable_recursion_pending();
      continue;
    }
    if (it->is_symlink(error)) {
      if (is_below(from, it->path())) fs::copy_symlink(it->path(), target, error);
    } else if (it->is_directory(error)) {
      fs::create_directory(target, error);
    } else if (it->is_regular_file(error)) {
      fs::copy_file(it->path(), target, error);
    }
    if (error) break;
  }
  if (error) return fail(Errc::io, fmt::format("cannot copy {}: {}", from, error.message()));
  return {};
}

std::optional<std::string> read_below(const std::string& folder, const std::string& path) {
  const fs::path file = fs::path(folder) / path;
  std::error_code error;
  if (!fs::is_regular_file(file, error) || !is_below(folder, file)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return std::nullopt;
  return text.str();
}

Result<void> write_below(const std::string& folder, const std::vector<FileChange>& changes) {
  for (const auto& change : changes)
    if (read_below(folder, change.path) != change.before)
      return fail(Errc::conflict, change.path + " changed meanwhile; nothing was written");
  for (const auto& change : changes) {
    const fs::path path = fs::path(folder) / change.path;
    std::error_code error;
    if (!change.after) {
      fs::remove(path, error);
      if (error) return fail(Errc::io, fmt::format("{}: {}", path.string(), error.message()));
      continue;
    }
    // Beside the file that a link names, so that the link stays one.
    const fs::path real = fs::weakly_canonical(path, error);
    fs::create_directories(real.parent_path(), error);
    const fs::path fresh = real.string() + ".healer-new";
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << *change.after;
    out.close();
    struct stat old{};
    const bool kept = !change.before || (stat(real.c_str(), &old) == 0 &&
                                         chmod(fresh.c_str(), old.st_mode & 07777) == 0);
    if (!out || !kept || rename(fresh.c_str(), real.c_str()) != 0) {
      const std::string why = std::strerror(errno);
      fs::remove(fresh, error);
      return fail(Errc::io, fmt::format("{}: cannot be written: {}", path.string(), why));
    }
  }
  return {};
}

}  // namespace healer
