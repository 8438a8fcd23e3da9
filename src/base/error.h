#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace healer {

// The one closed set of expected failures. errc_sentence() has one sentence per code.
enum class Errc {
  invalid_input,  // the caller's bytes or arguments are wrong; repeating will not help
  not_found,
  conflict,  // an expected version, hash or head moved
  fenced,    // a newer lease epoch owns this
  full,      // disk or a named limit
  busy,      // try again later (queue full, lock held, port in use)
  timeout,
  cancelled,
  denied,  // permission, authentication, policy
  unsupported,
  corrupt,
  io,        // the operating system said no
  upstream,  // an outside system answered with an error
  internal,  // a bug of ours
};

std::string_view errc_name(Errc code);
std::string_view errc_sentence(Errc code);

// What failed, where, and what to do: `message` says all three in one sentence a person can act on.
struct Error {
  Errc code = Errc::internal;
  std::string message;
  long retry_after_ms = 0;  // > 0 where an outside system named a time

  // Puts the place in front: "store: disk full while committing".
  Error within(std::string_view where) && {
    message = std::string(where) + ": " + message;
    return std::move(*this);
  }
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string message, long retry_after_ms = 0) {
  return std::unexpected(Error{code, std::move(message), retry_after_ms});
}

}  // namespace healer

// Unwraps a Result or returns its error from the enclosing function. Works for Result<void> too.
#define TRY(expr) HEALER_TRY_AS(expr, __COUNTER__)
// The counter names each use apart, so that a lambda inside one TRY may use another.
#define HEALER_TRY_AS(expr, counter) HEALER_TRY_NAMED(expr, counter)
#define HEALER_TRY_NAMED(expr, counter)                                           \
  __extension__({                                                                 \
    auto try_##counter = (expr);                                                  \
    if (!try_##counter) return std::unexpected(std::move(try_##counter).error()); \
    std::move(try_##counter).value();                                             \
  })
