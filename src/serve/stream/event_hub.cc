#include "serve/stream/event_hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/limits.h"
#include "base/metrics.h"

namespace healer {
namespace {

constexpr std::size_t kEventsKept = 1000;
constexpr std::size_t kBytesKept = 512 * 1024;  // less than a client may have unsent
constexpr std::chrono::seconds kHeartbeat{15};  // proxies cut streams that are silent

}  // namespace

EventHub::EventHub(std::string epoch) : epoch_(std::move(epoch)), heart_([this] { beat(); }) {}

EventHub::~EventHub() {
  close();
  heart_.join();
}

std::string EventHub::frame(const Event& event, bool websocket) const {
  const std::string id = fmt::format("{}-{}", epoch_, event.number);
  if (websocket)
    return fmt::format(R"({{"id":"{}","type":"{}","data":{}}})", id, event.type, event.data);
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, event.type, event.data);
}

void EventHub::publish(std::string_view type, std::string data) {
  // A line of a stream ends at a newline; between the tokens of JSON a blank says the same.
  std::ranges::replace_if(data, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  std::lock_guard lock(mutex_);
  const Event event{++last_, std::string(type), std::move(data)};
  std::erase_if(clients_,
                [&](Client& client) { return !client.sink->send(frame(event, client.websocket)); });
  bytes_kept_ += event.data.size();
  kept_.push_back(event);
  while (kept_.size() > kEventsKept || bytes_kept_ > kBytesKept) {
    bytes_kept_ -= kept_.front().data.size();
    kept_.pop_front();
  }
  Metrics::gauge("stream_clients") = static_cast<std::int64_t>(clients_.size());
}

void EventHub::serve(Responder responder, std::string_view last_event_id) {
  std::lock_guard lock(mutex_);
  if (clients_.size() >= limits::kStreamClientsMax)
    std::erase_if(clients_, [](const Client& client) { return !client.sink->is_open(); });
  if (closed_ || clients_.size() >= limits::kStreamClientsMax) {
    ++Metrics::counter("stream_clients_limit_hits");
    return responder.send(problem(503, "too many clients listen already"));
  }
  const bool websocket = responder.is_websocket();
  Client client{responder.stream(), websocket};
  if (!client.sink) return;
  if (!websocket) client.sink->send("retry: 2000\n\n");
  if (!last_event_id.empty()) {
    std::uint64_t after = 0;
    const bool ours = last_event_id.starts_with(epoch_ + "-");
    const auto digits = ours ? last_event_id.substr(epoch_.size() + 1) : std::string_view{};
    std::from_chars(digits.data(), digits.data() + digits.size(), after);
    const std::uint64_t oldest = kept_.empty() ? last_ + 1 : kept_.front().number;
    const bool kept = ours && after <= last_ && after + 1 >= oldest;
    if (!kept) client.sink->send(frame({last_, "reset", "{}"}, websocket));
    for (const auto& event : kept_)
      if (kept && event.number > after) client.sink->send(frame(event, websocket));
  }
  clients_.push_back(std::move(client));
  Metrics::gauge("stream_clients") = static_cast<std::int64_t>(clients_.size());
}

void EventHub::beat() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kHeartbeat, [&] { return closed_; }))
    std::erase_if(clients_, [](Client& client) {
      return client.websocket ? !client.sink->is_open() : !client.sink->send(": still here\n\n");
    });
}

void EventHub::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (auto& client : clients_) client.sink->close();
    clients_.clear();
  }
  wake_.notify_all();
}

}  // namespace healer
