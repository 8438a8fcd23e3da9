#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/http/client.h"
#include "ports/http/router.h"
#include "ports/http/server.h"

namespace healer {

// Answers from a script, in order, and remembers the requests.
class ScriptedClient final : public HttpClient {
 public:
  std::deque<Result<ClientResponse>> answers;
  std::vector<ClientRequest> asked;

  Result<ClientResponse> send(const ClientRequest& request) override {
    asked.push_back(request);
    if (answers.empty()) return fail(Errc::upstream, "the script is over");
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
};

// What a stream client would have received.
class RecordingSink final : public StreamSink {
 public:
  std::vector<std::string> sent;
  bool send(std::string text) override {
    if (!open_) return false;
    sent.push_back(std::move(text));
    return true;
  }
  void close() override { open_ = false; }
  bool is_open() const override { return open_; }

 private:
  bool open_ = true;
};

// Calls routes without sockets. `answer` is set once the handler has answered.
class FakeExchange final : public Responder::Exchange {
 public:
  std::unique_ptr<HttpResponse> answer;
  std::shared_ptr<RecordingSink> sink;
  bool websocket = false;

  void respond(HttpResponse response) override {
    answer = std::make_unique<HttpResponse>(std::move(response));
  }
  std::shared_ptr<StreamSink> stream() override { return sink = std::make_shared<RecordingSink>(); }
  bool is_websocket() const override { return websocket; }
};

}  // namespace healer
