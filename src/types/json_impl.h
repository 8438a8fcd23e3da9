#pragma once
// Included only by <type>_json.cc files: Boost.JSON costs seconds per file.
#include <boost/json.hpp>
#include <map>
#include <type_traits>
#include <vector>

#include "types/fields.h"
#include "types/json.h"

namespace healer::json_detail {

namespace bj = boost::json;

template <class T>
concept Described = requires { FieldsOf<T>::table; };
template <class T>
concept Named = requires { NamesOf<T>::names; };
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsMap = std::is_same_v<T, std::map<std::string, std::string>>;

// Valid UTF-8 of `text`, bad bytes replaced: what we print must parse everywhere.
std::string valid_utf8(std::string_view text);

Result<bj::value> parse_value(std::string_view text);
std::string print_value(const bj::value& value);

template <class T>
bj::value write(const T& value) {
  if constexpr (std::is_same_v<T, UtcTime>) {
    if (value.ms == 0) return nullptr;
    return bj::value(format_utc(value.ms));
  } else if constexpr (std::is_same_v<T, JsonText>) {
    return parse_value(value.text).value_or(nullptr);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return bj::value(valid_utf8(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    return bj::value(value);
  } else if constexpr (Named<T>) {
    return bj::value(to_string(value));
  } else if constexpr (kIsOptional<T>) {
    return value ? write(*value) : bj::value(nullptr);
  } else if constexpr (kIsMap<T>) {
    bj::object out;
    for (const auto& [key, item] : value) out[valid_utf8(key)] = valid_utf8(item);
    return out;
  } else if constexpr (kIsVector<T>) {
    bj::array out;
    out.reserve(value.size());
    for (const auto& item : value) out.push_back(write(item));
    return out;
  } else {
    static_assert(Described<T>);
    bj::object out;
    std::apply([&](const auto&... f) { ((out[f.name] = write(value.*(f.member))), ...); },
               FieldsOf<T>::table);
    return out;
  }
}

Result<void> mistyped(std::string_view where, std::string_view expected);

template <class T>
Result<void> read(const bj::value& in, T& out, std::string_view where);

template <class T>
Result<void> read_number(const bj::value& in, T& out, std::string_view where) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!in.is_bool()) return mistyped(where, "true or false");
    out = in.get_bool();
  } else {
    boost::system::error_code error;
    const T number = in.to_number<T>(error);
    if (error) return mistyped(where, "a number in range");
    out = number;
  }
  return {};
}

template <class T>
Result<void> read_members(const bj::value& in, T& out, std::string_view where) {
  if (!in.is_object()) return mistyped(where, "an object");
  Result<void> result;
  auto one = [&](const auto& f) {
    if (!result) return;
    const auto* member = in.get_object().if_contains(f.name);
    const std::string path =
        where.empty() ? std::string(f.name) : std::string(where) + "." + std::string(f.name);
    if (member == nullptr || (member->is_null() && !f.required)) {
      if (f.required) result = fail(Errc::invalid_input, "missing member \"" + path + "\"");
      return;
    }
    result = read(*member, out.*(f.member), path);
  };
  std::apply([&](const auto&... f) { (one(f), ...); }, FieldsOf<T>::table);
  return result;
}

template <class T>
Result<void> read(const bj::value& in, T& out, std::string_view where) {
  if constexpr (std::is_same_v<T, UtcTime>) {
    const auto time = in.is_string() ? parse_rfc3339(in.get_string()) : std::nullopt;
    if (!time) return mistyped(where, "an RFC 3339 time");
    out = *time;
    return {};
  } else if constexpr (std::is_same_v<T, JsonText>) {
    out.text = print_value(in);
    return {};
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!in.is_string()) return mistyped(where, "a string");
    out = std::string(in.get_string());
    return {};
  } else if constexpr (std::is_arithmetic_v<T>) {
    return read_number(in, out, where);
  } else if constexpr (Named<T>) {
    const auto parsed =
        in.is_string() ? parse_enum<T>(std::string_view(in.get_string())) : std::nullopt;
    if (!parsed) {
      std::string words;
      for (const auto& name : NamesOf<T>::names)
        words += (words.empty() ? "" : ", ") + std::string(name);
      return mistyped(where, "one of " + words);
    }
    out = *parsed;
    return {};
  } else if constexpr (kIsOptional<T>) {
    typename T::value_type item{};
    TRY(read(in, item, where));
    out = std::move(item);
    return {};
  } else if constexpr (kIsMap<T>) {
    if (!in.is_object()) return mistyped(where, "an object of strings");
    for (const auto& [key, item] : in.get_object()) {
      if (!item.is_string()) return mistyped(where, "an object of strings");
      out[std::string(key)] = std::string(item.get_string());
    }
    return {};
  } else if constexpr (kIsVector<T>) {
    if (!in.is_array()) return mistyped(where, "an array");
    for (const auto& element : in.get_array()) {
      typename T::value_type item{};
      TRY(read(element, item, where));
      out.push_back(std::move(item));
    }
    return {};
  } else {
    return read_members(in, out, where);
  }
}

template <class T>
bj::value schema();

template <class T>
bj::object object_schema() {
  bj::object properties;
  bj::array required;
  auto one = [&](const auto& f) {
    auto member = schema<std::remove_cvref_t<decltype(std::declval<T>().*(f.member))>>();
    member.as_object()["description"] = f.doc;
    properties[f.name] = member;
    if (f.required) required.push_back(bj::value(f.name));
  };
  std::apply([&](const auto&... f) { (one(f), ...); }, FieldsOf<T>::table);
  bj::object out{{"type", "object"}, {"properties", properties}};
  if (!required.empty()) out["required"] = required;
  return out;
}

template <class T>
bj::value schema() {
  if constexpr (std::is_same_v<T, UtcTime>)
    return bj::object{{"type", bj::array{"string", "null"}}, {"format", "date-time"}};
  else if constexpr (std::is_same_v<T, JsonText>)
    return bj::object{};
  else if constexpr (std::is_same_v<T, std::string>)
    return bj::object{{"type", "string"}};
  else if constexpr (std::is_same_v<T, bool>)
    return bj::object{{"type", "boolean"}};
  else if constexpr (std::is_integral_v<T>)
    return bj::object{{"type", "integer"}};
  else if constexpr (std::is_arithmetic_v<T>)
    return bj::object{{"type", "number"}};
  else if constexpr (Named<T>) {
    bj::array words;
    for (const auto& name : NamesOf<T>::names) words.push_back(bj::value(name));
    return bj::object{{"type", "string"}, {"enum", words}};
  } else if constexpr (kIsOptional<T>)
    return schema<typename T::value_type>();
  else if constexpr (kIsMap<T>)
    return bj::object{{"type", "object"}, {"additionalProperties", bj::object{{"type", "string"}}}};
  else if constexpr (kIsVector<T>)
    return bj::object{{"type", "array"}, {"items", schema<typename T::value_type>()}};
  else
    return object_schema<T>();
}

}  // namespace healer::json_detail

namespace healer {

template <class T>
std::string to_json(const T& value) {
  return json_detail::print_value(json_detail::write(value));
}

template <class T>
Result<T> from_json(std::string_view text) {
  const auto value = TRY(json_detail::parse_value(text));
  T out{};
  TRY(json_detail::read(value, out, ""));
  return out;
}

template <class T>
std::string json_schema() {
  return json_detail::print_value(json_detail::schema<T>());
}

}  // namespace healer

// Makes the three functions of types/json.h for T in this file.
#define HEALER_JSON(T)                                               \
  template std::string healer::to_json<T>(const T&);                 \
  template healer::Result<T> healer::from_json<T>(std::string_view); \
  template std::string healer::json_schema<T>();
