#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "base/time.h"

namespace healer {

// One row of a type's field table. The table is the only declaration of a type's JSON: the reader,
// the writer and the JSON Schema (and so OpenAPI) all come from it.
template <class T, class M>
struct Field {
  std::string_view name;
  M T::* member;
  std::string_view doc;
  bool required = false;  // on input; output always has every field
};

template <class T, class M>
constexpr Field<T, M> field(std::string_view name, M T::* member, std::string_view doc,
                            bool required = false) {
  return {name, member, doc, required};
}

// Specialised once per type: `static constexpr auto table = std::tuple{field(...), ...};`
template <class T>
struct FieldsOf;

// Specialised once per enum: `static constexpr std::array<std::string_view, N> names`, in order.
template <class E>
struct NamesOf;

template <class E>
constexpr std::string_view to_string(E value)
  requires requires { NamesOf<E>::names; }
{
  return NamesOf<E>::names[static_cast<std::size_t>(value)];
}

// nullopt for a word that is not one of the names.
template <class E>
constexpr std::optional<E> parse_enum(std::string_view word) {
  const auto& names = NamesOf<E>::names;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == word) return static_cast<E>(i);
  return std::nullopt;
}

// A wall-clock time in our JSON: RFC 3339 in UTC with milliseconds, null for "not known" (0).
struct UtcTime {
  UnixMs ms = 0;
  constexpr UtcTime() = default;
  constexpr UtcTime(UnixMs value) : ms(value) {}  // NOLINT: a plain number is meant to fit
  constexpr operator UnixMs() const { return ms; }
};

// A JSON value that is taken as it is; its text.
struct JsonText {
  std::string text = "null";
};

}  // namespace healer
