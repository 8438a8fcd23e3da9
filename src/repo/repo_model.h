#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "edit/editor.h"

namespace healer {

enum class FileKind { config, code, doc, test, ci, other };
template <>
struct NamesOf<FileKind> {
  static constexpr std::array<std::string_view, 6> names{"config", "code", "doc",
                                                         "test",   "ci",   "other"};
};

struct RepoFile {
  std::string path;  // in the repository, '/' separated
  std::optional<Format> format;
  std::size_t size = 0;
  FileKind kind = FileKind::other;
  std::string unparsed;  // why its settings could not be read; empty if they could
};

// One value of one configuration file. `name` and `value` are what the program sees; the file's
// scalar is `prefix` + `value` + `suffix`. An item `POOL=5` or `--pool=5` has the name POOL or
// --pool; of a pair {name: POOL, value: 5} the name is POOL; an option inside a command and a
// query parameter of a URL have their own name; a URL's host and port are NAME.host and NAME.port.
// Otherwise the name is the path and both ends are empty. Settings of example files and of files
// of unknown format are not here.
struct RepoSetting {
  std::string file;
  Setting setting;  // as the editor sees it
  std::string name;
  std::string value;
  std::string prefix, suffix;

  // The scalar to write so that `value` becomes `new_value`.
  std::string with(std::string_view new_value) const {
    return prefix + std::string(new_value) + suffix;
  }
};

// A place where code, compose or a script reads a variable of the environment.
struct EnvReference {
  std::string file;
  std::size_t line = 0;
  std::string name;
  std::optional<std::string> fallback;  // getenv("X", "5") or ${X:-5}
};

// What people wrote about a setting: an example file, a table or line of a document, a comment.
struct DocumentedValue {
  enum class Kind { example, recommended, fallback, at_least, at_most };
  std::string file;
  std::size_t line = 0;
  std::string name;  // as written
  Kind kind = Kind::example;
  std::string value;
  std::string text;  // the line it stands in: data, only ever quoted
};

struct RepoModel {
  std::vector<RepoFile> files;
  std::vector<RepoSetting> settings;
  std::vector<EnvReference> env;
  std::vector<DocumentedValue> docs;
  bool truncated = false;  // a limit was hit: absence proves nothing

  // All queries look only under the folder `under` (a service's `path`; empty: everywhere), and
  // compare normalised names: max_connections = maxConnections = MAX-CONNECTIONS, and a name
  // matches the last words of a longer one (`max_connections` finds `pool.maxConnections`). A `*`
  // stands for any run of characters. O(settings).
  std::vector<const RepoSetting*> find_settings(std::string_view name,
                                                std::string_view under = {}) const;
  std::vector<const DocumentedValue*> documented(std::string_view name,
                                                 std::string_view under = {}) const;
  std::vector<const EnvReference*> references(std::string_view name,
                                              std::string_view under = {}) const;
  const RepoFile* file(std::string_view path) const;  // nullptr if it is not in the model
};

// Words in lower case joined by '_': poolMaxSize, POOL_MAX_SIZE and pool.max-size are one name.
std::string normalise_name(std::string_view name);

// set_value() of a RepoSetting in its file's `text`: what stands around the value stays.
Result<std::string> set_setting(std::string_view text, const RepoSetting& setting,
                                std::string_view new_value);

// Where the model gets its bytes: calls `take` once per file, in any order, and stops at its first
// false. The text need only live during the call.
using TakeFile = std::function<bool(std::string_view path, std::string_view text)>;
using FileSource = std::function<Result<bool>(const TakeFile& take)>;  // false: cut by a limit

// Reads every file once. Vendored, generated, binary and oversized files are left out; a file that
// does not parse is recorded as such, never fatal. Fails only where the source fails.
Result<RepoModel> build_repo_model(const FileSource& source);

}  // namespace healer
