#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>

#include "base/limits.h"
#include "stages/ingest/body_error.h"
#include "stages/ingest/ingest.h"

namespace healer {
namespace {

namespace bj = boost::json;

// Takes everything and keeps nothing: a body may be large.
struct Nothing {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using Error = boost::system::error_code;
  using Text = bj::string_view;
  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t, Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(Text, std::size_t, Error&) { return true; }
  bool on_key(Text, std::size_t, Error&) { return true; }
  bool on_string_part(Text, std::size_t, Error&) { return true; }
  bool on_string(Text, std::size_t, Error&) { return true; }
  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t, Text, Error&) { return true; }
  bool on_uint64(std::uint64_t, Text, Error&) { return true; }
  bool on_double(double, Text, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }
};

bool parses(std::string_view text) {
  boost::system::error_code error;
  bj::basic_parser<Nothing> parser(bj::parse_options{});
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  return !error && text.find_first_not_of(" \t\r\n", read) == std::string_view::npos;
}

bool is_alert_body(std::string_view text) {
  if (text.size() > limits::kJsonBodyBytesMax) return false;
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
  bj::basic_parser<Nothing> parser(bj::parse_options{});
  const std::size_t read = parser.write_some(true, body.data(), body.size(), error);
  std::string what = error ? error.message() : "something follows its end";
  if (!error && !parser.done()) what = "it ends too early";
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
