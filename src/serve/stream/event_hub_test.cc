#include "serve/stream/event_hub.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "ports/http/fake.h"

namespace healer {
namespace {

std::shared_ptr<FakeExchange> listen(EventHub& hub, bool websocket, std::string_view last) {
  auto exchange = std::make_shared<FakeExchange>();
  exchange->websocket = websocket;
  hub.serve(Responder(exchange), last);
  return exchange;
}

TEST(EventHub, tells_both_kinds_of_clients) {
  EventHub hub("e");
  const auto sse = listen(hub, false, ""), socket = listen(hub, true, "");
  hub.publish("incident", R"({"id":"1"})");
  ASSERT_EQ(sse->sink->sent.size(), 2U);
  EXPECT_EQ(sse->sink->sent[1], "id: e-1\nevent: incident\ndata: {\"id\":\"1\"}\n\n");
  ASSERT_EQ(socket->sink->sent.size(), 1U);
  EXPECT_EQ(socket->sink->sent[0], R"({"id":"e-1","type":"incident","data":{"id":"1"}})");
}

TEST(EventHub, resumes_where_the_client_was) {
  EventHub hub("e");
  for (int i = 0; i < 3; ++i) hub.publish("incident", std::to_string(i));
  const auto client = listen(hub, true, "e-1");
  EXPECT_EQ(client->sink->sent,
            (std::vector<std::string>{R"({"id":"e-2","type":"incident","data":1})",
                                      R"({"id":"e-3","type":"incident","data":2})"}));
}

TEST(EventHub, says_reset_to_an_id_of_another_run) {
  EventHub hub("e");
  hub.publish("incident", "1");
  const auto client = listen(hub, true, "d-1");
  EXPECT_EQ(client->sink->sent,
            (std::vector<std::string>{R"({"id":"e-1","type":"reset","data":{}})"}));
}

TEST(EventHub, keeps_no_more_than_a_client_may_have_unsent) {
  EventHub hub("e");
  const std::string large = '"' + std::string(300 * 1024, 'x') + '"';
  for (int i = 0; i < 3; ++i) hub.publish("incident", large);
  EXPECT_EQ(listen(hub, true, "e-2")->sink->sent.size(), 1U);
  EXPECT_EQ(listen(hub, true, "e-3")->sink->sent.size(), 0U);
  const auto late = listen(hub, true, "e-1");
  EXPECT_EQ(late->sink->sent,
            (std::vector<std::string>{R"({"id":"e-3","type":"reset","data":{}})"}));
  hub.publish("incident", '"' + std::string(900 * 1024, 'x') + '"');  // none is kept now
  EXPECT_EQ(listen(hub, true, "e-3")->sink->sent,
            (std::vector<std::string>{R"({"id":"e-4","type":"reset","data":{}})"}));
}

TEST(EventHub, an_event_is_one_line) {
  EventHub hub("e");
  const auto client = listen(hub, false, "");
  hub.publish("notice", "{\n\"a\":\r\n1}");
  EXPECT_EQ(client->sink->sent[1], "id: e-1\nevent: notice\ndata: { \"a\":  1}\n\n");
}

TEST(EventHub, clients_that_are_gone_make_room) {
  EventHub hub("e");
  std::vector<std::shared_ptr<FakeExchange>> clients;
  for (std::size_t i = 0; i < limits::kStreamClientsMax; ++i)
    clients.push_back(listen(hub, false, ""));
  EXPECT_EQ(listen(hub, false, "")->answer->status, 503);
  clients[7]->sink->close();
  EXPECT_EQ(listen(hub, false, "")->answer, nullptr);
}

TEST(EventHub, forgets_clients_that_are_gone) {
  EventHub hub("e");
  const auto client = listen(hub, true, "");
  client->sink->close();
  hub.publish("incident", "1");
  EXPECT_TRUE(client->sink->sent.empty());
  hub.close();
  EXPECT_EQ(listen(hub, true, "")->answer->status, 503);
}

}  // namespace
}  // namespace healer
