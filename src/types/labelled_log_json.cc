#include "types/json_impl.h"
#include "types/labelled_log.h"

namespace healer {
namespace {

struct ChatMessage {
  std::string role, content;
};
struct ChatMetadata {
  std::string id, product, group, source;
};
struct ChatRow {
  std::vector<ChatMessage> messages;
  ChatMetadata metadata;
};
struct Answer {
  Severity severity = Severity::low;
  Category category = Category::application;
};

}  // namespace
template <>
struct FieldsOf<ChatMessage> {
  static constexpr auto table = std::tuple{field("role", &ChatMessage::role, "", true),
                                           field("content", &ChatMessage::content, "", true)};
};
template <>
struct FieldsOf<ChatMetadata> {
  static constexpr auto table = std::tuple{
      field("id", &ChatMetadata::id, ""), field("product", &ChatMetadata::product, ""),
      field("group", &ChatMetadata::group, ""), field("source", &ChatMetadata::source, "")};
};
template <>
struct FieldsOf<ChatRow> {
  static constexpr auto table = std::tuple{field("messages", &ChatRow::messages, "", true),
                                           field("metadata", &ChatRow::metadata, "")};
};
template <>
struct FieldsOf<Answer> {
  static constexpr auto table = std::tuple{field("severity", &Answer::severity, "", true),
                                           field("category", &Answer::category, "", true)};
};
}  // namespace healer

HEALER_JSON(healer::LabelledLog)
HEALER_JSON(healer::ChatRow)
HEALER_JSON(healer::Answer)

namespace healer {

Result<LabelledLog> parse_labelled_log(std::string_view line) {
  if (line.find("\"messages\"") == std::string_view::npos) return from_json<LabelledLog>(line);
  auto chat = TRY(from_json<ChatRow>(line));
  LabelledLog out;
  out.id = std::move(chat.metadata.id);
  out.product = std::move(chat.metadata.product);
  out.group = std::move(chat.metadata.group);
  out.source = std::move(chat.metadata.source);
  for (auto& message : chat.messages) {
    if (message.role == "user") out.log = std::move(message.content);
    if (message.role != "assistant") continue;
    const Answer answer = TRY(from_json<Answer>(message.content));
    out.severity = answer.severity;
    out.category = answer.category;
  }
  if (out.log.empty()) return fail(Errc::invalid_input, "messages: no user message with a log");
  return out;
}

}  // namespace healer
