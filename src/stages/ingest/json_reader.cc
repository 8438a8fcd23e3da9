// g++ 12 reports simdjson's own temporaries where its results are unwrapped inline.
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif
#include <simdjson.h>

#include <deque>

#include "stages/ingest/structured.h"

namespace healer {

namespace dom = simdjson::dom;

struct JsonReader::State {
  dom::parser parser{64UL * 1024 * 1024};
  std::deque<std::string> made;  // nested keys and numbers as text

  std::string_view keep(std::string text) { return made.emplace_back(std::move(text)); }
  void put(std::string_view key, dom::element value, int depth, UnixMs now, Fields& out);
};

JsonReader::JsonReader() : state_(std::make_unique<State>()) {}
JsonReader::~JsonReader() = default;
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;

void JsonReader::State::put(std::string_view key, dom::element value, int depth, UnixMs now,
                            Fields& out) {
  switch (value.type()) {
    case dom::element_type::STRING: {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) out.put(key, text, now);
      break;
    }
    case dom::element_type::OBJECT: {
      dom::object object;
      if (depth >= 2 || value.get(object) != simdjson::SUCCESS) break;
      for (const auto field : object)
        put(keep(std::string(key) + "." + std::string(field.key)), field.value, depth + 1, now,
            out);
      break;
    }
    case dom::element_type::ARRAY:
      if (depth == 0) out.put(key, keep(simdjson::minify(value)), now);
      break;
    case dom::element_type::NULL_VALUE: break;
    default: out.put(key, keep(simdjson::minify(value)), now);
  }
}

bool JsonReader::read_object(std::string_view text, bool padded, UnixMs now, Fields& out) {
  out.clear();
  state_->made.clear();
  dom::object object;
  if (state_->parser.parse(text.data(), text.size(), !padded).get(object) != simdjson::SUCCESS)
    return false;
  for (const auto field : object) state_->put(field.key, field.value, 0, now, out);
  return true;
}

std::vector<std::string_view> JsonReader::elements(std::string_view text) {
  state_->made.clear();
  std::vector<std::string_view> out;
  dom::element root;
  if (state_->parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return out;
  dom::array list;
  dom::object object;
  bool found = root.get(list) == simdjson::SUCCESS;
  if (!found && root.get(object) == simdjson::SUCCESS) {
    for (const auto* name : {"logs", "events", "records"})
      if (!found) found = object[name].get(list) == simdjson::SUCCESS;
    if (!found) out.push_back(text);
  }
  if (!found) return out;
  for (const auto item : list) {
    std::string_view line;
    out.push_back(item.get(line) == simdjson::SUCCESS ? line
                                                      : state_->keep(simdjson::minify(item)));
  }
  return out;
}

}  // namespace healer
