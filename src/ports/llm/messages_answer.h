#pragma once
#include <optional>
#include <string>
#include <vector>

#include "types/fields.h"

namespace healer {

// The parts that we read of an answer of Anthropic's Messages.
struct MessageBlock {
  std::string type;  // text, tool_use, …
  std::string text;
  std::optional<JsonText> input;  // of the tool that it calls
};
template <>
struct FieldsOf<MessageBlock> {
  static constexpr auto table =
      std::tuple{field("type", &MessageBlock::type, "what the block is", true),
                 field("text", &MessageBlock::text, "of a text"),
                 field("input", &MessageBlock::input, "of a tool call")};
};

struct MessagesUsage {
  std::int64_t input_tokens = 0, output_tokens = 0;
};
template <>
struct FieldsOf<MessagesUsage> {
  static constexpr auto table =
      std::tuple{field("input_tokens", &MessagesUsage::input_tokens, "of the prompt"),
                 field("output_tokens", &MessagesUsage::output_tokens, "of the answer")};
};

struct MessagesAnswer {
  std::string model;
  std::vector<MessageBlock> content;
  std::optional<std::string> stop_reason;
  std::optional<MessagesUsage> usage;
};
template <>
struct FieldsOf<MessagesAnswer> {
  static constexpr auto table =
      std::tuple{field("model", &MessagesAnswer::model, "which model"),
                 field("content", &MessagesAnswer::content, "the answer in blocks", true),
                 field("stop_reason", &MessagesAnswer::stop_reason, "why it ended"),
                 field("usage", &MessagesAnswer::usage, "tokens")};
};

}  // namespace healer
