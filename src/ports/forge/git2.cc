#include "ports/forge/git2.h"

namespace healer::git2 {
namespace {

struct Library {
  Library() {
    git_libgit2_init();
    // Mirrors may belong to another uid than healer's (root in a container): they are our own
    // folders.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  }
  ~Library() { git_libgit2_shutdown(); }
};

void start_library() { static const Library library; }

}  // namespace

std::unexpected<Error> failure(int code, const std::string& what) {
  const git_error* last = git_error_last();
  const std::string detail =
      last != nullptr && last->message != nullptr ? last->message : "unknown error";
  const Errc errc = code == GIT_ENOTFOUND                                 ? Errc::not_found
                    : code == GIT_ECONFLICT || code == GIT_EMERGECONFLICT ? Errc::conflict
                                                                          : Errc::io;
  return fail(errc, what + ": " + detail);
}

Result<Repository> open(const std::string& path, Kind kind) {
  start_library();
  unsigned flags = GIT_REPOSITORY_OPEN_NO_SEARCH;
  if (kind == Kind::bare) flags |= GIT_REPOSITORY_OPEN_BARE;
  git_repository* out = nullptr;
  if (const int code = git_repository_open_ext(&out, path.c_str(), flags, nullptr); code != 0)
    return failure(code, "cannot open the repository " + path);
  return Repository(out);
}

Result<void> init_bare(const std::string& path) {
  start_library();
  git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  git_repository* made = nullptr;
  const int code = git_repository_init_ext(&made, path.c_str(), &options);
  const Repository owned(made);
  if (code != 0) return failure(code, "cannot make the repository " + path);
  return {};
}

Result<git_oid> parse_oid(const std::string& sha) {
  git_oid out;
  if (sha.size() != GIT_OID_HEXSZ || git_oid_fromstr(&out, sha.c_str()) != 0)
    return fail(Errc::invalid_input, "\"" + sha + "\" is not a commit id");
  return out;
}

std::string print_oid(const git_oid& oid) {
  char text[GIT_OID_HEXSZ + 1];
  git_oid_tostr(text, sizeof text, &oid);
  return text;
}

Result<Commit> find_commit(git_repository* repository, const std::string& sha) {
  const git_oid oid = TRY(parse_oid(sha));
  git_commit* out = nullptr;
  if (const int code = git_commit_lookup(&out, repository, &oid); code != 0)
    return failure(code, "no commit " + sha);
  return Commit(out);
}

Result<Commit> find_abbreviated(git_repository* repository, const std::string& digits) {
  git_oid oid{};
  if (digits.size() < GIT_OID_MINPREFIXLEN || digits.size() > GIT_OID_HEXSZ ||
      git_oid_fromstrn(&oid, digits.c_str(), digits.size()) != 0)
    return fail(Errc::invalid_input, "\"" + digits + "\" is not a commit id");
  git_commit* out = nullptr;
  const int code = git_commit_lookup_prefix(&out, repository, &oid, digits.size());
  if (code == GIT_EAMBIGUOUS) return failure(GIT_ENOTFOUND, "no one commit " + digits);
  if (code != 0) return failure(code, "no commit " + digits);
  return Commit(out);
}

Result<Tree> tree_of(git_commit* commit) {
  git_tree* out = nullptr;
  if (const int code = git_commit_tree(&out, commit); code != 0)
    return failure(code, "cannot read a tree");
  return Tree(out);
}

namespace {
constexpr const char* kOurEmail = "healer@localhost";
}

bool is_ours(const git_commit* commit) {
  return std::string_view(git_commit_author(commit)->email) == kOurEmail;
}

Result<Signature> signature(std::int64_t at_ms) {
  git_signature* out = nullptr;
  if (const int code = git_signature_new(&out, "healer", kOurEmail, at_ms / 1000, 0); code != 0)
    return failure(code, "cannot sign");
  return Signature(out);
}

}  // namespace healer::git2
