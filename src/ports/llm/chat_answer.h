#pragma once
#include <optional>
#include <string>
#include <vector>

#include "types/fields.h"

namespace healer {

// The parts that we read of a chat completion.
struct ChatMessage {
  std::optional<std::string> content, refusal;
};
template <>
struct FieldsOf<ChatMessage> {
  static constexpr auto table = std::tuple{field("content", &ChatMessage::content, "the answer"),
                                           field("refusal", &ChatMessage::refusal, "why none")};
};

struct ChatChoice {
  ChatMessage message;
  std::optional<std::string> finish_reason;
};
template <>
struct FieldsOf<ChatChoice> {
  static constexpr auto table =
      std::tuple{field("message", &ChatChoice::message, "what it said", true),
                 field("finish_reason", &ChatChoice::finish_reason, "why it ended")};
};

struct ChatUsage {
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
};
template <>
struct FieldsOf<ChatUsage> {
  static constexpr auto table =
      std::tuple{field("prompt_tokens", &ChatUsage::prompt_tokens, "of the prompt"),
                 field("completion_tokens", &ChatUsage::completion_tokens, "of the answer")};
};

struct ChatAnswer {
  std::string model;
  std::vector<ChatChoice> choices;
  std::optional<ChatUsage> usage;
};
template <>
struct FieldsOf<ChatAnswer> {
  static constexpr auto table = std::tuple{field("model", &ChatAnswer::model, "which model"),
                                           field("choices", &ChatAnswer::choices, "answers", true),
                                           field("usage", &ChatAnswer::usage, "tokens")};
};

}  // namespace healer
