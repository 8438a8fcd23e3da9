#include <fmt/format.h>
#include <re2/re2.h>

#include <memory>
#include <set>

#include "stages/review/change.h"

namespace healer {
namespace {

struct Pattern {
  std::string_view what;  // the sentence of its reason
  std::string_view regex;
};

// What an added line of code, script or configuration must not say. RE2, case folded.
constexpr Pattern kAdded[] = {
    {"swallows an exception", R"(except\b[^:]*:\s*(pass|\.\.\.|continue)\s*(#.*)?$)"},
    {"swallows an exception", R"(contextlib\.suppress|\bsuppress\((base)?exception)"},
    {"swallows an exception", R"(catch\s*(\([^)]*\))?\s*\{\s*(//[^\n]*|/\*.*\*/)?\s*\})"},
    {"swallows an exception",
     R"(\.catch\(\s*(\(?\s*\w*\s*\)?\s*=>\s*(\{\s*\}|null|undefined|void 0))\s*\))"},
    {"swallows an exception", R"(\brescue\s+(=>\s*\w+\s*)?(nil|;|$)|\brescue\s+nil\b)"},
    {"swallows an error",
     R"(^\s*_\s*(,\s*_\s*)*=\s*err\b|if\s+err\s*!=\s*nil\s*\{\s*(return\s+nil)?\s*\})"},
    {"swallows an error", R"(\bon\s+error\s+resume\s+next\b|@\$?\w+\(.*\)\s*;\s*//\s*ignore)"},
    {"hides a failure of a command",
     R"(\|\|\s*(true|:|exit 0|/bin/true)(\s|;|$|\)|"|')|\bset \+e\b|continue-on-error:\s*true|allow_failure:\s*true|\bignore_errors:\s*(yes|true)|failfast:\s*false)"},
    {"hides error output", R"(2>\s*/dev/null|&>\s*/dev/null|>\s*/dev/null\s+2>&1)"},
    {"turns a check off",
     R"(--no-verify\b|-DskipTests|-Dmaven\.test\.skip|-x\s+test\b|--passWithNoTests|testPathIgnorePatterns|--ignore-scripts=false)"},
    {"turns a linter off",
     R"(eslint-disable|@ts-(ignore|nocheck)|#\s*noqa|pylint:\s*disable|//\s*nolint|#\s*type:\s*ignore|NOSONAR|@SuppressWarnings|rubocop:disable|#\[allow\()"},
    {"turns certificate checks off",
     R"(verify\s*[=:]\s*False|InsecureSkipVerify\s*:\s*true|rejectUnauthorized['"]?\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|GIT_SSL_NO_VERIFY|CERT_NONE|check_hostname\s*=\s*False|_create_unverified_context|TrustAll|NoopHostnameVerifier|ALLOW_ALL_HOSTNAME|danger_accept_invalid_certs)"},
    {"turns certificate checks off",
     R"(\bcurl\b.*\s(-k|--insecure)\b|--no-check-certificate|StrictHostKeyChecking[ =]+no|--insecure-skip|ssl_verify(_client|_peer)?\s+off|proxy_ssl_verify\s+off|sslmode=(disable|allow)|useSSL=false|trustServerCertificate=true|verifyServerCertificate=false|tls-skip-verify)"},
    {"weakens authentication",
     R"(verify_(signature|aud|iss|exp|nbf)['"]?\s*[=:]\s*False|algorithms?['"]?\s*[=:]\s*\[?\s*['"]none|permitAll\(|@PermitAll|AllowAnonymous|\bauth_basic\s+off|csrf\(\)\.disable|@csrf_exempt|satisfy\s+any|PermitRootLogin\s+yes|PermitEmptyPasswords\s+yes|NOPASSWD|audience\s*=\s*None)"},
    {"weakens authentication",
     R"(^\s*host(ssl)?\s+\S+\s+\S+\s+\S+\s+trust\b|^\s*local\s+\S+\s+\S+\s+trust\b)"},
    {"weakens isolation",
     R"(chmod\s+(-R\s+)?0?777|privileged['"]?\s*:\s*true|allowPrivilegeEscalation['"]?\s*:\s*true|runAsNonRoot['"]?\s*:\s*false|readOnlyRootFilesystem['"]?\s*:\s*false|seccomp[=:]\s*unconfined|apparmor[=:]\s*unconfined|hostNetwork['"]?\s*:\s*true|--privileged\b|setenforce\s+0|Access-Control-Allow-Origin['"]?\s*[:,]\s*['"]?\*|ulimit\s+-\w\s+unlimited)"},
    {"silences a log",
     R"(logging\.disable\(|\.setLevel\(\s*(logging\.)?(ERROR|CRITICAL|FATAL|OFF|CRITICAL\s*\+)|console\.(error|warn|log)\s*=|log\.SetOutput\(\s*(io|ioutil)\.Discard|error_log\s+/dev/null|access_log\s+off|StandardError=null|StandardOutput=null|logger:\s*false)"},
    {"silences a warning",
     R"(warnings\.(simplefilter|filterwarnings)\(\s*['"]ignore|error_reporting\(0\)|display_errors\s*=\s*off|@SuppressWarnings)"},
};

constexpr std::string_view kSkip =
    R"((@(pytest\.mark\.(skip|xfail)|unittest\.(skip|expectedFailure)|Disabled|Ignore\b)|pytest\.skip\(|)"
    R"(\bt\.Skip(f|Now)?\(|\b(it|describe|test|context)\.(skip|only|todo)\b|\b(xit|xdescribe|xtest|fit|fdescribe)\(|)"
    R"(#\[ignore|GTEST_SKIP|TEST(_F|_P)?\(\w+,\s*DISABLED_|\bskip\s+['"]|\[Ignore|\.skipTest\(|raise\s+SkipTest))";

constexpr std::string_view kLogCall =
    R"((\b(log|logger|logging|_logger|slog|zap|zerolog|tracing|log4j|syslog|klog|glog|console|Log|LOG|LOGGER|logrus|winston|pino)\b(\(\))?(\.\w+)*\.(error|warn|warning|info|debug|exception|critical|fatal|severe|notice|trace|Error|Warn|Info|Fatal|Errorf|Warnf|Infof|Printf|Println|Print|log)\b)|)"
    R"(\b(error_log|NSLog|syslog|SPDLOG_\w+|LOG\((ERROR|WARNING|INFO|FATAL)\)|eprintln!|error!|warn!)\s*\(?|traceback\.print_exc|printStackTrace)";
constexpr std::string_view kLoudCall =
    R"(\.(error|exception|critical|fatal|severe|warn|warning|Error|Errorf|Warn|Warnf|Fatal|Fatalf)\b|LOG\((ERROR|WARNING|FATAL)\)|error!|warn!|eprintln!)";
constexpr std::string_view kRaise = R"(^\s*(raise\b|throw\b|panic\(|return\s+err\b|rethrow\b))";
constexpr std::string_view kHandler = R"(^\s*(\}?\s*catch\b.*\{|except\b.*:|rescue\b.*)\s*$)";
constexpr std::string_view kEmptyBody = R"(^\s*(pass|\.\.\.|continue|\}|end|;)\s*(#.*|//.*)?$)";

const re2::RE2& compiled(std::string_view pattern, bool fold) {
  static thread_local std::vector<std::pair<const char*, std::unique_ptr<re2::RE2>>> cache;
  for (const auto& [key, regex] : cache)
    if (key == pattern.data()) return *regex;
  re2::RE2::Options options;
  options.set_case_sensitive(!fold);
  options.set_log_errors(false);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // any bytes may come
  cache.emplace_back(
      pattern.data(),
      std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options));
  return *cache.back().second;
}

bool found(std::string_view text, std::string_view pattern, bool fold = false) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                                compiled(pattern, fold));
}

std::size_t count(const std::vector<std::string_view>& lines, std::string_view pattern) {
  std::size_t n = 0;
  for (const auto line : lines) n += found(line, pattern) ? 1U : 0U;
  return n;
}

std::size_t line_number(const Change& change, std::string_view text) {
  for (const auto& line : change.lines)
    if (line.text.data() == text.data()) return line.new_line;
  return 0;
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

// A handler whose body does nothing after the change, where the change touched either line.
void check_empty_handlers(const Change& change, Reasons& reasons) {
  const DiffLine* handler = nullptr;
  for (const auto& line : change.lines) {
    if (line.kind == DiffLine::Kind::removed || blank(line.text)) continue;
    const bool touched = handler != nullptr && (handler->kind == DiffLine::Kind::added ||
                                                line.kind == DiffLine::Kind::added);
    if (touched && found(line.text, kEmptyBody))
      reasons.push_back(
          fmt::format("silencing: {}:{} swallows an exception", change.file.path, line.new_line));
    handler = found(line.text, kHandler) ? &line : nullptr;
  }
}

// The body of a handler was removed, so that an unchanged next line closes it.
void check_emptied_handlers(const Change& change, Reasons& reasons) {
  const DiffLine* handler = nullptr;
  bool lost = false;
  for (const auto& line : change.lines) {
    if (line.kind == DiffLine::Kind::removed) {
      lost = lost || handler != nullptr;
      continue;
    }
    if (blank(line.text)) continue;
    if (lost && line.kind == DiffLine::Kind::same && handler->kind == DiffLine::Kind::same &&
        found(line.text, kEmptyBody))
      reasons.push_back(fmt::format("silencing: {}:{} empties an exception handler",
                                    change.file.path, line.new_line));
    handler = found(line.text, kHandler) ? &line : nullptr;
    lost = false;
  }
}

void check_log_calls(const Change& change, Reasons& reasons) {
  if (count(change.removed, kLogCall) > count(change.added, kLogCall))
    reasons.push_back(fmt::format("silencing: {} removes a log call", change.file.path));
  else if (count(change.removed, kLoudCall) > count(change.added, kLoudCall) &&
           count(change.removed, kLogCall) > 0)
    reasons.push_back(
        fmt::format("silencing: {} lowers the level of a log call", change.file.path));
  if (!change.file.after) return;
  const bool handles = found(*change.file.after, R"(\b(except|catch|rescue|err\s*!=\s*nil)\b)");
  if (handles && count(change.removed, kRaise) > count(change.added, kRaise))
    reasons.push_back(fmt::format("silencing: {} no longer passes an error on", change.file.path));
}

}  // namespace

void check_tests(const Change& change, Reasons& reasons) {
  const std::string& path = change.file.path;
  if (change.test && change.file.before && !change.file.after)
    reasons.push_back(fmt::format("tests: {} is deleted", path));
  else if (change.test && !change.removed.empty())
    reasons.push_back(fmt::format("tests: {} is changed, tests may only be added to", path));
  if (change.prose) return;
  for (const auto line : change.added)
    if (found(line, kSkip)) {
      reasons.push_back(fmt::format("tests: {}:{} skips a test", path, line_number(change, line)));
      return;
    }
}

void check_code(const Change& change, Reasons& reasons) {
  std::set<std::string_view> said;  // one reason per kind and file is enough
  for (const auto line : change.added)
    for (const auto& [what, regex] : kAdded)
      if (!said.contains(what) && found(line, regex, true)) {
        said.insert(what);
        reasons.push_back(
            fmt::format("silencing: {}:{} {}", change.file.path, line_number(change, line), what));
      }
  if (!said.contains("swallows an exception")) {
    check_empty_handlers(change, reasons);
    check_emptied_handlers(change, reasons);
  }
  check_log_calls(change, reasons);
}

}  // namespace healer
