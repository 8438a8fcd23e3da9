#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "stages/ingest/body_error.h"
#include "stages/ingest/ingest.h"

namespace healer {
namespace {

namespace bj = boost::json;

bool parses(std::string_view text) {
  boost::system::error_code error;
  bj::stream_parser parser;
  parser.write(text, error);
  if (!error) parser.finish(error);
  return !error;
}

bool is_alert_body(std::string_view text) {
  if (text.find("\"alerts\"") == std::string_view::npos) return false;
  boost::system::error_code error;
  const bj::value root = bj::parse(text, error);
  if (error || !root.is_object()) return false;
  const auto* alerts = root.get_object().if_contains("alerts");
  return alerts != nullptr && alerts->is_array() &&
         (root.get_object().contains("groupKey") || root.get_object().contains("receiver"));
}

}  // namespace

Error json_error(std::string_view body) {
  boost::system::error_code error;
  bj::stream_parser parser;
  const std::size_t read = parser.write_some(body, error);
  std::string what = error ? error.message() : "something follows its end";
  if (!error && !parser.done()) {
    parser.finish(error);
    what = error ? "it ends too early" : what;
  }
  const std::string_view before = body.substr(0, read);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {Errc::invalid_input, fmt::format("the body is not JSON at line {} column {}: {}", line,
                                           read - start + 1, what)};
}

Result<PayloadFormat> classify_body(std::string_view body, PayloadFormat hint) {
  if (hint == PayloadFormat::text || hint == PayloadFormat::ndjson) return hint;
  const std::size_t at = body.find_first_not_of(" \t\r\n");
  const char first = at == std::string_view::npos ? '\0' : body[at];
  const bool may_be_json = first == '{' || first == '[';
  if (hint == PayloadFormat::automatic && !may_be_json) return PayloadFormat::text;
  if (parses(body)) {
    if (hint == PayloadFormat::alertmanager || is_alert_body(body))
      return PayloadFormat::alertmanager;
    if (may_be_json) return PayloadFormat::json;
    return fail(Errc::invalid_input, "the body is JSON, but neither an object nor an array");
  }
  if (hint == PayloadFormat::automatic) {
    const std::string_view line = body.substr(at, body.find('\n', at) - at);
    if (first == '{' && line.size() + at < body.size() && parses(line))
      return PayloadFormat::ndjson;
    const std::size_t second = body.find_first_not_of(" \t\r\n", at + 1);
    const bool meant = first == '{' && second != std::string_view::npos && body[second] == '"';
    if (!meant) return PayloadFormat::text;
  }
  return std::unexpected(json_error(body));
}

}  // namespace healer
