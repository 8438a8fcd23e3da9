#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "base/time.h"

namespace healer {

enum class Access { open, read, admin };  // what a route needs, what a token gives

struct HttpRequest {
  std::string method, path;
  std::map<std::string, std::string> query;                  // decoded
  std::map<std::string, std::string> params;                 // of the route's {name} parts, decoded
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // gzip undone
  std::string actor;  // "admin", "reader" or "local": who asks, for timelines
  std::string header(std::string_view name) const;  // empty if absent
  std::string param(const std::string& name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

// RFC 9457. `detail` is for a person.
HttpResponse problem(int status, std::string_view detail);
HttpResponse problem(const Error& error);  // 400, 403, 404, 409, 429, 503, 507 … by its code

// A client that listens: server-sent events or a WebSocket. Thread-safe. A client that does not
// read fast enough is dropped (counter stream_clients_dropped).
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual bool send(std::string text) = 0;  // false: the client is gone
  virtual void close() = 0;
  virtual bool is_open() const = 0;
};

// The answer to one request. Call exactly one of the three, once, from any thread, now or later;
// one that is dropped unanswered answers 500.
class Responder {
 public:
  class Exchange {
   public:
    virtual ~Exchange() = default;
    virtual void respond(HttpResponse response) = 0;
    virtual std::shared_ptr<StreamSink> stream() = 0;
    virtual bool is_websocket() const = 0;
  };
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  Responder(Responder&&) = default;
  Responder& operator=(Responder&&) = default;
  ~Responder();

  void send(HttpResponse response);
  void json(int status, std::string body) {
    send({status, std::move(body), "application/json", {}});
  }
  // Server-sent events, or a WebSocket where the client asked to upgrade. Bytes go out as they are
  // sent: an event-stream's frames are the caller's; each send is one WebSocket text message.
  std::shared_ptr<StreamSink> stream();
  bool is_websocket() const { return exchange_ && exchange_->is_websocket(); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

using Handler = std::function<void(HttpRequest, Responder)>;

struct Route {
  std::string method;   // "GET", "POST", …; HEAD comes with GET
  std::string pattern;  // "/incidents/{id}"
  Access access = Access::read;
  std::string summary;  // one line for /openapi.json
  Handler handler;
  std::string request_schema, response_schema;  // JSON Schema text or empty
  std::string query = {};                       // names of its query parameters, by blanks
};

struct ServerOptions {
  std::string listen = "127.0.0.1:3000";  // port 0: any free one
  std::string token_admin, token_read;    // both empty: everybody who reaches it may do everything
  std::vector<std::string> hosts;         // further Host names
  std::size_t body_bytes_max = limits::kBodyBytesMax;
  std::size_t inflated_bytes_max = limits::kInflatedBytesMax;
  std::size_t bodies_bytes_max = limits::kHttpBodiesBytesMax;
  Millis idle{75'000}, header_time{15'000}, body_time{60'000};
};

// One listener, one thread for all sockets. Handlers run on it and must not block: they keep the
// Responder.
class HttpServer {
 public:
  // busy: the port is taken; invalid_input: not HOST:PORT; denied: beyond loopback without tokens.
  static Result<std::unique_ptr<HttpServer>> start(ServerOptions options,
                                                   std::vector<Route> routes);
  virtual ~HttpServer() = default;
  virtual std::string address() const = 0;  // HOST:PORT as bound
  virtual void stop() = 0;                  // closes everything; no handler runs afterwards
};

}  // namespace healer
