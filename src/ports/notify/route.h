#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ports/notify/notify.h"

namespace healer {

// One rule; an empty list or word matches everything.
struct NotifyRule {
  std::string owner, service;
  std::vector<Severity> severities;
  std::vector<IncidentStatus> statuses;
  std::string to;  // name of a channel, or "none"
};

struct NotifyRouting {
  std::vector<NotifyRule> rules;
  std::string fallback = "none";
};

// The channel of the first rule that matches, else the fallback. Pure.
const std::string& channel_for(const NotifyRouting& routing, const Notification& notification);

// `routes: [{owner, service, severity, status, to}]` and `default:` of a mapping; severity and
// status are a word or a list. invalid_input names file and line, and the nearest word. Each `to`
// must be one of `channels` or "none". `file` is only put into errors.
Result<NotifyRouting> read_routing(std::string_view yaml, std::string_view file,
                                   const std::vector<std::string_view>& channels);

// Sends each notification to its channel. Ids are "channel/id": a message is updated only where it
// was sent; "" where nobody is told.
class RoutedNotifier final : public Notifier {
 public:
  RoutedNotifier(NotifyRouting routing, std::map<std::string, std::unique_ptr<Notifier>> channels);
  Result<std::string> send(const Notification& notification) override;

 private:
  const NotifyRouting routing_;
  const std::map<std::string, std::unique_ptr<Notifier>> channels_;
};

}  // namespace healer
