#include "app/remote/running_server.h"

#include <gtest/gtest.h>

#include "ports/http/fake.h"

namespace healer {
namespace {

TEST(EventReader, TakesEventsInAnyPieces) {
  const std::string stream =
      "retry: 2000\n\nid: a-1\nevent: incident\ndata: {\"x\":1}\n\n: still here\n\n"
      "id: a-2\nevent: deploy\ndata: {}\n\n";
  for (std::size_t piece = 1; piece < stream.size(); ++piece) {
    std::string seen;
    EventReader reader([&](std::string_view id, std::string_view type, std::string_view data) {
      seen += std::string(id) + " " + std::string(type) + " " + std::string(data) + ";";
      return true;
    });
    for (std::size_t at = 0; at < stream.size(); at += piece)
      ASSERT_TRUE(reader.take(std::string_view(stream).substr(at, piece)));
    EXPECT_EQ(seen, "a-1 incident {\"x\":1};a-2 deploy {};") << piece;
  }
}

TEST(EventReader, AnEndlessEventEnds) {
  EventReader reader([](auto, auto, auto) { return true; });
  EXPECT_FALSE(reader.take("data: " + std::string(2 * 1024 * 1024, 'x')));
}

TEST(RunningServer, SaysWhatTheServerSays) {
  ScriptedClient http;
  http.answers.push_back(
      ClientResponse{.status = 409, .headers = {}, .body = R"({"detail":"it moved"})"});
  const RunningServer server("127.0.0.1:1", "sesame", http);
  const auto answer = server.post("/api/incidents/x/approve", "{}");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::conflict);
  EXPECT_EQ(answer.error().message, "it moved");
  EXPECT_EQ(http.asked.front().headers.front().second, "Bearer sesame");
}

TEST(RunningServer, NoneRunsWhereNoAddressIs) {
  ScriptedClient http;
  const auto found = RunningServer::find("/nonexistent", "", http);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::not_found);
}

}  // namespace
}  // namespace healer
