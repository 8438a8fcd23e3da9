#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "ports/http/client.h"

namespace healer {

// The healer that serves a data folder, as other commands talk to it.
class RunningServer {
 public:
  // not_found: none runs there.
  static Result<RunningServer> find(const std::string& data, std::string token, HttpClient& http);
  RunningServer(std::string address, std::string token, HttpClient& http)
      : address_(std::move(address)), token_(std::move(token)), http_(&http) {}

  const std::string& address() const { return address_; }

  // The body of a 2xx. Another answer is an error with the server's own words.
  Result<std::string> get(const std::string& path,
                          const std::map<std::string, std::string>& query = {}) const;
  Result<std::string> post(const std::string& path, std::string json) const;

  // One event of the stream after another until `on_event` returns false (cancelled) or the
  // stream ends. `last_id` is where to go on and moves along.
  using OnEvent = std::function<bool(std::string_view type, std::string_view data)>;
  Result<void> events(std::string& last_id, const OnEvent& on_event) const;

 private:
  ClientRequest request(std::string method, const std::string& path) const;
  Result<std::string> body_of(const ClientRequest& request) const;

  std::string address_, token_;
  HttpClient* http_;
};

// Takes the bytes of an event stream in any pieces and hands on whole events.
class EventReader {
 public:
  using OnEvent =
      std::function<bool(std::string_view id, std::string_view type, std::string_view data)>;
  explicit EventReader(OnEvent on_event) : on_event_(std::move(on_event)) {}
  bool take(std::string_view bytes);  // false: `on_event` wants no more, or an event is too long

 private:
  OnEvent on_event_;
  std::string held_;
};

}  // namespace healer
