#include "ports/notify/route.h"

#include <gtest/gtest.h>

#include "ports/notify/fake.h"

namespace healer {
namespace {

constexpr std::string_view kRouting = R"(
routes:
  - {owner: team-a, severity: [critical, high], to: pager}
  - {service: batch, to: none}
  - {status: healed, to: log}
  - {owner: team-a, to: chat}
default: log
)";

Notification of(std::string owner, std::string service, Severity severity, IncidentStatus status) {
  Notification out;
  out.incident_id = "inc";
  out.owner = std::move(owner);
  out.service = std::move(service);
  out.severity = severity;
  out.status = status;
  return out;
}

NotifyRouting routing() {
  auto read = read_routing(kRouting, "healer.yaml", {"pager", "chat", "log"});
  EXPECT_TRUE(read) << read.error().message;
  return std::move(*read);
}

TEST(Routing, FirstMatchWins) {
  using enum IncidentStatus;
  using enum Severity;
  const NotifyRouting rules = routing();
  const auto to = [&](std::string owner, std::string service, Severity severity,
                      IncidentStatus status) {
    return channel_for(rules, of(std::move(owner), std::move(service), severity, status));
  };
  EXPECT_EQ(to("team-a", "shop", critical, failed), "pager");
  EXPECT_EQ(to("team-a", "batch", high, failed), "pager");
  EXPECT_EQ(to("team-a", "batch", low, failed), "none");
  EXPECT_EQ(to("team-a", "shop", low, healed), "log");
  EXPECT_EQ(to("team-a", "shop", low, failed), "chat");
  EXPECT_EQ(to("team-b", "shop", critical, failed), "log");
  EXPECT_EQ(channel_for({}, of("", "", critical, failed)), "none");
}

TEST(Routing, MistakesNameTheirLine) {
  const auto message = [](std::string_view yaml) {
    const auto read = read_routing(yaml, "healer.yaml", {"pager"});
    return read ? std::string("read") : read.error().message;
  };
  EXPECT_EQ(message("routes:\n  - {severity: critcal, to: pager}\n"),
            "healer.yaml:2: severity \"critcal\" is not known; did you mean critical?");
  EXPECT_EQ(message("routes:\n  - {to: pagr}\n"),
            "healer.yaml:2: there is no channel \"pagr\"; did you mean pager?");
  EXPECT_EQ(message("routes:\n  - {owner: a}\n"),
            "healer.yaml:2: a route needs `to`, the name of a channel");
  EXPECT_NE(message("routes:\n  - {ownr: a, to: pager}\n").find("owner"), std::string::npos);
  EXPECT_NE(message("routes: pager\n").find("list of rules"), std::string::npos);
  EXPECT_EQ(message(""), "read");
}

TEST(Routed, UpdatesOnlyWhereItWasSent) {
  std::map<std::string, std::unique_ptr<Notifier>> channels;
  std::map<std::string, RecordingNotifier*> seen;
  for (const char* name : {"pager", "chat", "log"}) {
    auto one = std::make_unique<RecordingNotifier>();
    seen[name] = one.get();
    channels[name] = std::move(one);
  }
  RoutedNotifier routed(routing(), std::move(channels));
  Notification n = of("team-a", "shop", Severity::critical, IncidentStatus::detected);
  n.update_of = routed.send(n).value_or("");
  EXPECT_EQ(n.update_of, "pager/1");
  n.status = IncidentStatus::merged;
  EXPECT_EQ(routed.send(n).value_or(""), "pager/1");
  EXPECT_EQ(seen["pager"]->sent.at(1).update_of, "1");

  n.severity = Severity::low;  // the route changed: a message of its own there
  EXPECT_EQ(routed.send(n).value_or(""), "chat/1");
  EXPECT_EQ(seen["chat"]->sent.at(0).update_of, "");

  seen["chat"]->failures.push_back({Errc::upstream, "wait", 500});
  const auto failed = routed.send(n);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "notify chat: wait");
  EXPECT_EQ(failed.error().retry_after_ms, 500);

  n.service = "batch";
  EXPECT_EQ(routed.send(n).value_or("?"), "");
}

}  // namespace
}  // namespace healer
