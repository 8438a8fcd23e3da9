#include "serve/api/body.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace healer {
namespace {

Result<boost::json::value> parsed(std::string_view text) {
  boost::system::error_code error;
  boost::json::stream_parser parser;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used == text.size()) parser.finish(error);
  if (error || used != text.size())
    return fail(Errc::invalid_input,
                fmt::format("the body is not JSON: {} near byte {}",
                            error ? error.message() : "something follows the value", used));
  return parser.release();
}

}  // namespace

Result<BodyFields> read_body(std::string_view body) {
  const auto value = TRY(parsed(body));
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Errc::invalid_input, "the body must be a JSON object");
  BodyFields out;
  for (const auto& [name, member] : *object) {
    if (member.is_null()) continue;  // says nothing
    const auto* text = member.if_string();
    out[std::string(name)] = text != nullptr ? std::string(*text) : boost::json::serialize(member);
  }
  return out;
}

Result<std::vector<std::string>> read_strings(std::string_view json) {
  const auto value = TRY(parsed(json));
  const auto* array = value.if_array();
  if (array == nullptr) return fail(Errc::invalid_input, "a list of strings is expected");
  std::vector<std::string> out;
  for (const auto& item : *array) {
    const auto* text = item.if_string();
    if (text == nullptr) return fail(Errc::invalid_input, "a list of strings is expected");
    out.emplace_back(*text);
  }
  return out;
}

}  // namespace healer
