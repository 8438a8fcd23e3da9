#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>

#include "base/metrics.h"
#include "ports/http/session.h"

namespace healer {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using boost::system::error_code;

constexpr std::size_t kMessageBytesMax = 64 * 1024;

class WebSocket final : public StreamSink, public std::enable_shared_from_this<WebSocket> {
 public:
  WebSocket(boost::asio::ip::tcp::socket socket, UpgradeRequest request)
      : ws_(std::move(socket)), request_(std::move(request)) {}

  void accept() {
    ws_.set_option(ws::stream_base::timeout::suggested(beast::role_type::server));
    ws_.read_message_max(kMessageBytesMax);
    ws_.async_accept(request_, [self = shared_from_this()](error_code error) {
      if (error) return self->gone();
      self->accepted_ = true;
      self->read();
      self->write();
    });
  }

  bool send(std::string text) override {
    if (!open_) return false;
    queued_ += text.size();
    if (queued_ > kStreamQueueBytesMax) {
      ++Metrics::counter("stream_clients_dropped");
      close();
      return false;
    }
    boost::asio::post(ws_.get_executor(),
                      [self = shared_from_this(), text = std::move(text)]() mutable {
                        self->queue_.push_back(std::move(text));
                        self->write();
                      });
    return true;
  }

  void close() override {
    open_ = false;
    boost::asio::post(ws_.get_executor(), [self = shared_from_this()] { self->close_now(); });
  }

  bool is_open() const override { return open_; }

 private:
  void close_now() {
    if (closing_) return;
    closing_ = true;
    if (!accepted_) return hang_up();
    if (!writing_) say_goodbye();
  }

  void say_goodbye() {
    ws_.async_close(ws::close_code::normal, [self = shared_from_this()](error_code) {});
  }

  void gone() {
    open_ = false;
    hang_up();
  }

  void hang_up() {
    error_code ignored;
    ws_.next_layer().close(ignored);
  }

  void read() {
    ws_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->gone();
      self->buffer_.consume(self->buffer_.size());
      self->read();
    });
  }

  void write() {
    if (!accepted_ || writing_ || closing_ || queue_.empty()) return;
    writing_ = true;
    ws_.text(true);
    ws_.async_write(boost::asio::buffer(queue_.front()),
                    [self = shared_from_this()](error_code error, std::size_t n) {
                      self->writing_ = false;
                      self->queued_ -= n;
                      if (error) return self->gone();
                      self->queue_.pop_front();
                      if (self->closing_) return self->say_goodbye();
                      self->write();
                    });
  }

  ws::stream<boost::asio::ip::tcp::socket, false> ws_;  // without compression
  UpgradeRequest request_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
  std::atomic<std::size_t> queued_{0};
  std::atomic<bool> open_{true};
  bool accepted_ = false, writing_ = false, closing_ = false;
};

}  // namespace

std::shared_ptr<StreamSink> start_websocket(beast::tcp_stream stream, UpgradeRequest request) {
  auto socket = std::make_shared<WebSocket>(stream.release_socket(), std::move(request));
  socket->accept();
  return socket;
}

}  // namespace healer
