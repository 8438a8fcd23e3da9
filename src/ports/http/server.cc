#include "ports/http/server.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <deque>
#include <list>
#include <thread>
#include <unordered_set>

#include "base/metrics.h"
#include "ports/http/router.h"
#include "ports/http/session.h"

namespace healer {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t kHeaderBytesMax = 16 * 1024;
constexpr std::chrono::seconds kLingerMax{5};  // a refused client may still be sending
constexpr std::chrono::milliseconds kAcceptRetry{100};

// Server-sent events: the connection is this client's until one side closes.
class EventSink final : public StreamSink, public std::enable_shared_from_this<EventSink> {
 public:
  explicit EventSink(beast::tcp_stream stream) : stream_(std::move(stream)) {
    stream_.expires_never();
  }

  void open() {
    send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: "
        "no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n");
    watch();
  }
  bool send(std::string text) override {
    if (!open_) return false;
    queued_ += text.size();
    if (queued_ > kStreamQueueBytesMax) {
      ++Metrics::counter("stream_clients_dropped");
      close();
      return false;
    }
    asio::post(stream_.get_executor(),
               [self = shared_from_this(), text = std::move(text)]() mutable {
                 self->queue_.push_back(std::move(text));
                 self->write();
               });
    return true;
  }
  void close() override {
    open_ = false;
    asio::post(stream_.get_executor(), [self = shared_from_this()] { self->stream_.close(); });
  }
  bool is_open() const override { return open_; }

 private:
  void watch() {  // a client that sends or closes is done
    stream_.async_read_some(asio::buffer(&byte_, 1),
                            [self = shared_from_this()](error_code, std::size_t) {
                              self->open_ = false;
                              self->stream_.close();
                            });
  }
  void write() {
    if (writing_ || queue_.empty()) return;
    writing_ = true;
    asio::async_write(stream_, asio::buffer(queue_.front()),
                      [self = shared_from_this()](error_code error, std::size_t n) {
                        self->writing_ = false;
                        self->queued_ -= n;
                        if (error) {
                          self->open_ = false;
                          return;
                        }
                        self->queue_.pop_front();
                        self->write();
                      });
  }

  beast::tcp_stream stream_;
  std::deque<std::string> queue_;
  std::atomic<std::size_t> queued_{0};
  std::atomic<bool> open_{true};
  bool writing_ = false;
  char byte_ = 0;
};

class Session;

class Server final : public HttpServer {
 public:
  Server(ServerOptions options, std::vector<Route> routes, std::string host)
      : options_(options),
        router_(std::move(routes), std::move(options), std::move(host)),
        acceptor_(io_) {}
  ~Server() override { stop(); }

  Result<void> listen(const std::string& host, std::uint16_t port);
  std::string address() const override { return address_; }
  void stop() override;

  const ServerOptions& options() const { return options_; }
  const Router& router() const { return router_; }
  std::unordered_set<Session*>& sessions() { return sessions_; }
  // Those that wait for a header, the oldest first: the first to go where too many are connected.
  std::list<Session*>& waiting() { return waiting_; }
  asio::mutable_buffer trash() { return asio::buffer(trash_); }

  // Accounts for the body that a session holds: `held` becomes `now`. False where all bodies
  // together would be too many bytes.
  bool hold(std::size_t& held, std::size_t now) {
    if (now > held && bodies_bytes_ + (now - held) > options_.bodies_bytes_max) {
      ++Metrics::counter("http_bodies_limit_hits");
      return false;
    }
    bodies_bytes_ += now - held;
    held = now;
    static auto& gauge = Metrics::gauge("http_bodies_bytes");
    gauge = static_cast<std::int64_t>(bodies_bytes_);
    return true;
  }

 private:
  void accept();
  void accepted(tcp::socket socket);

  const ServerOptions options_;
  const Router router_;
  // Before io_, which ends the sessions that are left when it goes.
  std::unordered_set<Session*> sessions_;
  std::list<Session*> waiting_;
  std::size_t bodies_bytes_ = 0;
  std::array<char, 16 * 1024> trash_{};
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer retry_{io_};
  std::string address_;
  std::jthread thread_;
};

// One connection: reads a request, lets the router answer it, writes the answer, and so on.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Server& server) : stream_(std::move(socket)), server_(server) {
    server_.sessions().insert(this);
  }
  ~Session() {
    server_.sessions().erase(this);
    server_.hold(held_, 0);
    if (waits_) server_.waiting().erase(place_);
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(server_.options().body_bytes_max);
    stream_.expires_after(first_ ? server_.options().header_time : server_.options().idle);
    place_ = server_.waiting().insert(server_.waiting().end(), this);
    waits_ = true;
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              self->stop_waiting();
                              if (error) return self->read_failed(error);
                              self->read_body();
                            });
  }
  // Without reading the rest of the request.
  void refuse(int status, std::string_view why) {
    lingers_ = true;
    parser_.reset();  // and what is there of the body
    turn_away(status, why);
  }
  void turn_away(int status, std::string_view why) {
    close_after_ = true;
    write(problem(status, why));
  }
  void close() { stream_.close(); }
  void stop_waiting() {
    if (waits_) server_.waiting().erase(place_);
    waits_ = false;
  }

 private:
  class Exchange;

  void read_failed(error_code error) {
    if (error == http::error::body_limit)
      return refuse(413, "the body is larger than " +
                             std::to_string(server_.options().body_bytes_max) + " bytes");
    if (error == http::error::header_limit) return refuse(431, "the header is too large");
    if (error == beast::error::timeout || error == http::error::end_of_stream ||
        error == asio::error::connection_reset || error == asio::error::operation_aborted ||
        error == http::error::partial_message || error == asio::error::eof)
      return stream_.close();
    refuse(400, "not an HTTP request: " + error.message());
  }

  void read_body() {
    first_ = false;
    stream_.expires_after(server_.options().body_time);
    const auto length = parser_->content_length();
    if (length && *length > server_.options().body_bytes_max) {
      ++Metrics::counter("body_limit_hits");
      return refuse(413, "the body is larger than " +
                             std::to_string(server_.options().body_bytes_max) + " bytes");
    }
    if (parser_->get()[http::field::expect] == "100-continue") {
      continue_ = "HTTP/1.1 100 Continue\r\n\r\n";
      return asio::async_write(stream_, asio::buffer(continue_),
                               [self = shared_from_this()](error_code error, std::size_t) {
                                 if (!error) self->read_rest();
                               });
    }
    read_rest();
  }

  void read_rest() {
    if (!server_.hold(held_, parser_->get().body().size()))
      return refuse(503, "too many bodies are being received: try again in a second");
    if (parser_->is_done()) return handle();
    http::async_read_some(stream_, buffer_, *parser_,
                          [self = shared_from_this()](error_code error, std::size_t) {
                            if (error) return self->read_failed(error);
                            self->read_rest();
                          });
  }

  // Closing with unread bytes would take the answer from the client: they are thrown away for a
  // while.
  void linger() {
    stream_.async_read_some(server_.trash(),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (error) return self->stream_.close();
                              self->linger();
                            });
  }

  void handle();
  void write(HttpResponse response);
  void written(error_code error, bool keep);

  beast::tcp_stream stream_;
  Server& server_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string continue_, head_, body_;
  std::size_t held_ = 0;  // bytes of the body
  std::list<Session*>::iterator place_;
  bool first_ = true, keep_alive_ = false, close_after_ = false, is_head_ = false;
  bool waits_ = false, lingers_ = false;
};

class Session::Exchange final : public Responder::Exchange {
 public:
  Exchange(std::shared_ptr<Session> session, bool websocket)
      : session_(std::move(session)), websocket_(websocket) {}

  void respond(HttpResponse response) override {
    const auto executor = session_->stream_.get_executor();
    // The last reference moves along: a session ends on the socket thread.
    asio::post(executor, [session = std::move(session_), response = std::move(response)]() mutable {
      session->write(std::move(response));
    });
  }
  // Called on the socket thread, inside the handler.
  std::shared_ptr<StreamSink> stream() override {
    if (websocket_)
      return start_websocket(std::move(session_->stream_), session_->parser_->release());
    auto sink = std::make_shared<EventSink>(std::move(session_->stream_));
    sink->open();
    return sink;
  }
  bool is_websocket() const override { return websocket_; }

 private:
  std::shared_ptr<Session> session_;
  const bool websocket_;
};

void Session::handle() {
  stream_.expires_never();
  auto& message = parser_->get();
  HttpRequest request;
  request.method = message.method_string();
  const std::string_view target(message.target().data(), message.target().size());
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = parse_query(target.substr(question + 1));
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  keep_alive_ = message.keep_alive();
  is_head_ = message.method() == http::verb::head;
  if (request.path.empty() || request.path.front() != '/')
    return refuse(400, "the target must begin with /");
  const bool websocket = beast::iequals(message[http::field::upgrade], "websocket");
  const std::string encoding = request.header("content-encoding");
  if (encoding == "gzip" || encoding == "deflate") {
    auto inflated = inflate_gzip(message.body(), server_.options().inflated_bytes_max);
    std::string().swap(message.body());  // gives the memory back, which assigning would not
    if (!inflated)
      return turn_away(inflated.error().code == Errc::full ? 413 : 400, inflated.error().message);
    if (!server_.hold(held_, inflated->size()))
      return turn_away(503, "too many bodies wait to be processed: try again in a second");
    request.body = std::move(*inflated);
  } else if (!encoding.empty() && encoding != "identity") {
    return refuse(415, "content encoding " + encoding + " is not understood; gzip is");
  } else {
    request.body = std::move(message.body());
  }
  ++Metrics::counter("http_requests");
  server_.router().dispatch(std::move(request),
                            Responder(std::make_shared<Exchange>(shared_from_this(), websocket)));
}

void Session::write(HttpResponse response) {
  const bool keep = keep_alive_ && !close_after_;
  server_.hold(held_, 0);
  head_ = "HTTP/1.1 " + std::to_string(response.status) + " ";
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  head_.append(reason.data(), reason.size());
  head_ += "\r\nServer: healer\r\nX-Content-Type-Options: nosniff\r\n";
  if (!response.body.empty()) head_ += "Content-Type: " + response.content_type + "\r\n";
  if (response.status != 204)
    head_ += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  for (const auto& [name, value] : response.headers) head_ += name + ": " + value + "\r\n";
  head_ += keep ? "\r\n" : "Connection: close\r\n\r\n";
  body_ = is_head_ ? std::string() : std::move(response.body);
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head_), asio::buffer(body_)};
  stream_.expires_after(server_.options().body_time);
  asio::async_write(stream_, parts,
                    [self = shared_from_this(), keep](error_code error, std::size_t) {
                      self->written(error, keep);
                    });
}

void Session::written(error_code error, bool keep) {
  if (!error && keep) return read_header();
  if (error) return stream_.close();
  stream_.socket().shutdown(tcp::socket::shutdown_send, error);
  if (!lingers_) return stream_.close();
  stream_.expires_after(kLingerMax);
  linger();
}

Result<void> Server::listen(const std::string& host, std::uint16_t port) {
  error_code error;
  const auto ip = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) return fail(Errc::invalid_input, "\"" + host + "\" is not an IP address to listen on");
  if (!ip.is_loopback() && options_.token_admin.empty())
    return fail(
        Errc::denied,
        "listening on " + host +
            " would let anybody in: set tokens.admin in healer.yaml first, or listen on 127.0.0.1");
  const tcp::endpoint endpoint(ip, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use)
    return fail(Errc::busy,
                "port " + std::to_string(port) +
                    " is taken: stop what listens there, or choose another with --listen");
  if (error)
    return fail(Errc::io,
                "cannot listen on " + host + ":" + std::to_string(port) + ": " + error.message());
  const auto bound = acceptor_.local_endpoint();
  address_ = (bound.address().is_v6() ? "[" + bound.address().to_string() + "]"
                                      : bound.address().to_string()) +
             ":" + std::to_string(bound.port());
  accept();
  thread_ = std::jthread([this] { io_.run(); });
  return {};
}

void Server::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      accepted(std::move(socket));
      return accept();
    }
    // No descriptor is left: trying again at once would only keep a core busy.
    ++Metrics::counter("http_accept_failures");
    retry_.expires_after(kAcceptRetry);
    retry_.async_wait([this](error_code stopped) {
      if (!stopped) accept();
    });
  });
}

void Server::accepted(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const bool crowded = sessions_.size() >= limits::kHttpConnectionsMax;
  const auto session = std::make_shared<Session>(std::move(socket), *this);
  if (!crowded) return session->read_header();
  ++Metrics::counter("http_connections_limit_hits");
  if (waiting_.empty()) return session->turn_away(503, "too many connections");
  Session* oldest = waiting_.front();
  oldest->stop_waiting();
  oldest->close();
  session->read_header();
}

void Server::stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    for (Session* session : sessions_) session->close();
  });
  asio::post(io_, [this] { io_.stop(); });
  thread_.join();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(ServerOptions options,
                                                      std::vector<Route> routes) {
  const auto colon = options.listen.rfind(':');
  std::string host = options.listen.substr(0, colon);
  int port = -1;
  if (colon != std::string::npos) {
    const std::string digits = options.listen.substr(colon + 1);
    if (!digits.empty() && digits.size() <= 5 &&
        digits.find_first_not_of("0123456789") == std::string::npos)
      port = std::stoi(digits);
  }
  if (port < 0 || port > 65535)
    return fail(Errc::invalid_input, "\"" + options.listen + "\" is not HOST:PORT");
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto server = std::make_unique<Server>(std::move(options), std::move(routes), host);
  TRY(server->listen(host, static_cast<std::uint16_t>(port)));
  return server;
}

}  // namespace healer
