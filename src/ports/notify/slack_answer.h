#pragma once
#include <string>

#include "types/fields.h"

namespace healer {

// What a Slack method answers; `channel` is an id even where a name was asked for.
struct SlackAnswer {
  bool ok = false;
  std::string error, ts, channel;
};
template <>
struct FieldsOf<SlackAnswer> {
  using A = SlackAnswer;
  static constexpr auto table = std::tuple{
      field("ok", &A::ok, "whether it was done", true), field("error", &A::error, "why"),
      field("ts", &A::ts, "id of the message"), field("channel", &A::channel, "id of the channel")};
};

}  // namespace healer
