#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "types/log_record.h"

namespace healer {

// What a structured line (JSON or key=value) says, under our names.
struct Fields {
  std::string_view message, service, source, host, component, version, error, stack;
  std::string_view log;  // a raw line inside ("log" of a container runtime or shipper)
  Level level = Level::unknown;
  UnixMs time = 0;
  std::vector<Attribute> rest;  // other scalars, at most kAttributesMax

  void clear();
  // Files one value under its usual name, or in `rest`.
  void put(std::string_view key, std::string_view value, UnixMs now);
};

// Reads JSON objects. What `Fields` points to lives until the next call.
class JsonReader {
 public:
  JsonReader();
  ~JsonReader();
  JsonReader(JsonReader&&) noexcept;
  JsonReader& operator=(JsonReader&&) noexcept;

  // False if `text` is not one JSON object. `padded`: 64 readable bytes follow it.
  bool read_object(std::string_view text, bool padded, UnixMs now, Fields& out);

  // The objects of an array, or of an object's "logs"/"events"/"records" array, or the one object:
  // the source text of each. Empty if the document is none of these.
  std::vector<std::string_view> elements(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// key=value pairs with at least a level or message key. False if the line is none such. Values
// with escapes are put into `scratch`.
bool read_logfmt(std::string_view line, UnixMs now, Fields& out, std::vector<std::string>& scratch);

}  // namespace healer
