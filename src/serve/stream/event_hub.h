#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ports/http/server.h"

namespace healer {

// What happens, told to every client that listens: as server-sent events (each with an id, resumed
// by Last-Event-ID) or as one WebSocket message each. Keeps the newest events for those that come
// back. Thread-safe.
class EventHub {
 public:
  // `epoch` tells ids of this run from those of an earlier one.
  explicit EventHub(std::string epoch);
  ~EventHub();

  // `data` is one JSON value.
  void publish(std::string_view type, std::string data);

  // Serves the client of `responder` from now on. An id that is not kept any more gets a `reset`
  // event first: then the client must read the lists again.
  void serve(Responder responder, std::string_view last_event_id);

  void close();  // ends every stream

 private:
  struct Event {
    std::uint64_t number;
    std::string type, data;
  };
  struct Client {
    std::shared_ptr<StreamSink> sink;
    bool websocket;
  };
  std::string frame(const Event& event, bool websocket) const;
  void beat();

  const std::string epoch_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Event> kept_;  // the newest, at most kEventsKept and kBytesKept of them
  std::size_t bytes_kept_ = 0;
  std::uint64_t last_ = 0;
  std::vector<Client> clients_;
  bool closed_ = false;
  std::thread heart_;
};

}  // namespace healer
