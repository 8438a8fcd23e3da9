#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <future>
#include <thread>

#include "base/metrics.h"
#include "ports/http/client.h"
#include "ports/http/fake.h"
#include "ports/http/router.h"
#include "ports/http/server.h"

namespace healer {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class RealServer : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.listen = "127.0.0.1:0";
    options.inflated_bytes_max = 1 << 20;
    std::vector<Route> routes;
    routes.push_back({"GET", "/things/{id}", Access::read, "",
                      [](HttpRequest request, Responder responder) {
                        responder.json(200, request.param("id") + "?" + request.query["q"]);
                      },
                      "", ""});
    routes.push_back({"POST", "/echo", Access::admin, "",
                      [](HttpRequest request, Responder responder) {
                        // Answered later, from another thread.
                        std::thread([body = std::move(request.body),
                                     responder = std::move(responder)]() mutable {
                          responder.send({200, std::move(body), "text/plain", {}});
                        }).detach();
                      },
                      "", ""});
    routes.push_back({"GET", "/drop", Access::open, "", [](HttpRequest, Responder) {}, "", ""});
    routes.push_back(
        {"GET", "/events", Access::open, "",
         [this](HttpRequest, Responder responder) { sink.set_value(responder.stream()); }, "", ""});
    auto started = HttpServer::start(options, std::move(routes));
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  ClientResponse send(const std::string& method, const std::string& path,
                      const std::string& body = "",
                      std::vector<std::pair<std::string, std::string>> headers = {}) {
    const auto answer = client.send({.method = method,
                                     .url = "http://" + server->address() + path,
                                     .headers = std::move(headers),
                                     .body = body});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : ClientResponse{};
  }
  int dial() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(
        std::stoi(server->address().substr(server->address().rfind(':') + 1))));
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  // Sends bytes and reads until the server closes.
  std::string raw(const std::string& bytes) {
    const int fd = dial();
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string out;
    char buffer[4096];
    for (ssize_t n = 0; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;)
      out.append(buffer, static_cast<std::size_t>(n));
    close(fd);
    return out;
  }
  std::promise<std::shared_ptr<StreamSink>> sink;
  CurlClient client;
  std::unique_ptr<HttpServer> server;
};

TEST_F(RealServer, RoutesQueriesAndMethods) {
  start();
  EXPECT_EQ(send("GET", "/things/a%20b?q=1%2B1").body, "a b?1+1");
  EXPECT_EQ(send("POST", "/echo", "hello").body, "hello");
  EXPECT_EQ(send("GET", "/nothing").status, 404);
  EXPECT_EQ(send("GET", "/drop").status, 500);
  const auto wrong = send("DELETE", "/echo");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_NE(wrong.body.find("\"status\":405"), std::string::npos);
}

TEST_F(RealServer, PipelinedRequestsAreAnsweredInOrder) {
  start();
  const std::string out =
      raw("GET /things/1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /things/2 HTTP/1.1\r\nHost: "
          "localhost\r\nConnection: close\r\n\r\n");
  EXPECT_LT(out.find("1?"), out.find("2?")) << out;
  EXPECT_NE(out.find("2?"), std::string::npos);
}

TEST_F(RealServer, GzipBodiesAndBombs) {
  start();
  EXPECT_EQ(send("POST", "/echo", gzip("zipped"), {{"Content-Encoding", "gzip"}}).body, "zipped");
  EXPECT_EQ(
      send("POST", "/echo", gzip(std::string(5 << 20, 'x')), {{"Content-Encoding", "gzip"}}).status,
      413);
  EXPECT_EQ(
      send("POST", "/echo", gzip("two ") + gzip("members"), {{"Content-Encoding", "gzip"}}).body,
      "two members");
  const std::string cut = gzip("a body that is cut short");
  EXPECT_EQ(
      send("POST", "/echo", cut.substr(0, cut.size() - 9), {{"Content-Encoding", "gzip"}}).status,
      400);
  EXPECT_EQ(send("POST", "/echo", "not gzip", {{"Content-Encoding", "gzip"}}).status, 400);
  EXPECT_EQ(send("POST", "/echo", "x", {{"Content-Encoding", "br"}}).status, 415);
}

TEST_F(RealServer, AHugeBodyIsRefusedUnread) {
  start();
  const std::string out =
      raw("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\nabc");
  EXPECT_TRUE(out.starts_with("HTTP/1.1 413")) << out;
  EXPECT_TRUE(raw("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n4000000\r\nabc")
                  .starts_with("HTTP/1.1 413"));
}

TEST_F(RealServer, ARefusedClientThatKeepsSendingGetsItsAnswer) {
  start();
  const int fd = dial();
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n";
  ::send(fd, head.data(), head.size(), MSG_NOSIGNAL);
  const std::string block(1 << 20, 'x');
  for (int i = 0; i < 64; ++i)  // far more than the sockets between us hold
    ASSERT_EQ(::send(fd, block.data(), block.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(block.size()));
  shutdown(fd, SHUT_WR);
  char answer[64] = {};
  EXPECT_GT(recv(fd, answer, sizeof answer - 1, 0), 0);
  EXPECT_TRUE(std::string_view(answer).starts_with("HTTP/1.1 413")) << answer;
  close(fd);
}

TEST_F(RealServer, BodiesAreBoundedTogether) {
  start({.bodies_bytes_max = 3000});
  const std::string part =
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
      "2001\r\n\r\n" +
      std::string(2000, 'x');
  auto& held = Metrics::gauge("http_bodies_bytes");
  const int slow = dial();
  ::send(slow, part.data(), part.size(), MSG_NOSIGNAL);
  while (held.load() < 2000) std::this_thread::yield();
  EXPECT_TRUE(raw(part + "x").starts_with("HTTP/1.1 503"));
  close(slow);
  while (held.load() != 0) std::this_thread::yield();
  EXPECT_TRUE(raw(part + "x").starts_with("HTTP/1.1 200"));
}

TEST_F(RealServer, WhereTooManyAreConnectedTheOldestIdleOneGoes) {
  start();
  std::vector<int> idle;
  for (std::size_t i = 0; i < limits::kHttpConnectionsMax + 10; ++i) idle.push_back(dial());
  EXPECT_EQ(send("GET", "/things/1").status, 200);
  char byte = 0;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(recv(idle[static_cast<std::size_t>(i)], &byte, 1, 0), 0);
  for (const int fd : idle) close(fd);
}

TEST_F(RealServer, GarbageIsRefused) {
  start();
  EXPECT_TRUE(raw("\x16\x03\x01 hello\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(raw("GET / HTTP/1.1\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n")
                  .starts_with("HTTP/1.1 431"));
}

TEST_F(RealServer, ASlowHeaderIsCutOff) {
  start({.header_time = Millis(100)});
  EXPECT_EQ(raw("GET /thin"), "");
}

TEST_F(RealServer, ForeignHostsAndOriginsAreRefused) {
  start();
  EXPECT_EQ(send("GET", "/things/1", "", {{"Host", "evil.example"}}).status, 421);
  EXPECT_EQ(send("GET", "/things/1", "", {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(send("GET", "/things/1", "", {{"Origin", "null"}}).status, 403);
  EXPECT_EQ(send("GET", "/things/1", "", {{"Origin", "http://" + server->address()}}).status, 200);
  EXPECT_EQ(
      send("POST", "/echo", "x", {{"Sec-Fetch-Site", "cross-site"}, {"Content-Type", "text/plain"}})
          .status,
      415);
}

TEST_F(RealServer, TokensGiveWhatTheyAreFor) {
  start({.token_admin = "secret-admin", .token_read = "secret-read"});
  EXPECT_EQ(send("GET", "/things/1").status, 401);
  EXPECT_EQ(send("GET", "/things/1", "", {{"Authorization", "Bearer wrong"}}).status, 401);
  EXPECT_EQ(send("GET", "/things/1", "", {{"Authorization", "Bearer secret-read"}}).status, 200);
  EXPECT_EQ(send("POST", "/echo", "x", {{"Authorization", "Bearer secret-read"}}).status, 403);
  EXPECT_EQ(send("POST", "/echo", "x", {{"Authorization", "Bearer secret-admin"}}).status, 200);
}

TEST_F(RealServer, EventsFlowUntilTheClientLeaves) {
  start();
  const int fd = dial();
  const std::string request = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  const auto stream = sink.get_future().get();
  EXPECT_TRUE(stream->send("data: one\n\n"));
  std::string out;
  char buffer[4096];
  while (out.find("data: one") == std::string::npos) {
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    ASSERT_GT(n, 0);
    out.append(buffer, static_cast<std::size_t>(n));
  }
  close(fd);
  while (stream->is_open()) std::this_thread::yield();
  EXPECT_FALSE(stream->send("data: two\n\n"));
}

TEST_F(RealServer, AClientThatNeverReadsIsDropped) {
  start();
  const int fd = dial();
  const std::string request = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  const auto stream = sink.get_future().get();
  int sent = 0;
  while (stream->send(std::string(64 * 1024, 'x')) && sent < 10'000) ++sent;
  EXPECT_LT(sent, 10'000);
  close(fd);
}

TEST(HttpServer, SaysWhyItCannotListen) {
  const auto first = HttpServer::start({.listen = "127.0.0.1:0"}, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(HttpServer::start({.listen = (*first)->address()}, {}).error().code, Errc::busy);
  EXPECT_EQ(HttpServer::start({.listen = "0.0.0.0:0"}, {}).error().code, Errc::denied);
  EXPECT_EQ(HttpServer::start({.listen = "nonsense"}, {}).error().code, Errc::invalid_input);
  EXPECT_EQ(HttpServer::start({.listen = "127.0.0.1:99999"}, {}).error().code, Errc::invalid_input);
}

TEST_F(RealServer, ARequestThatNobodyWaitsForIsGivenUp) {
  start();
  std::stop_source stop;
  CurlClient stoppable(stop.get_token());
  auto answer = std::async(std::launch::async, [&] {
    return stoppable.send(
        {.url = "http://" + server->address() + "/events", .timeout = Millis(600'000)});
  });
  const auto stream = sink.get_future().get();  // it waits for an end that does not come
  stop.request_stop();
  ASSERT_EQ(answer.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(answer.get().error().code, Errc::cancelled);
}

TEST(CurlClient, OnlyTakesHttp) {
  CurlClient client;
  EXPECT_EQ(client.send({.url = "file:///etc/passwd"}).error().code, Errc::invalid_input);
}

}  // namespace
}  // namespace healer
