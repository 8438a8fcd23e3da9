#pragma once
#include <functional>
#include <memory>

#include "app/config/settings.h"
#include "ports/http/client.h"
#include "ports/store/store.h"

namespace healer {

// Delivers the outbox rows of announcements() to the routes of the settings as they are now. A row
// whose route is gone is not_found: dropped. Which message an incident has on a route is kept in
// the store, so that it is updated and not sent again. Used by the outbox's thread only.
class NotifySink {
 public:
  using SettingsNow = std::function<std::shared_ptr<const Settings>()>;
  NotifySink(Store& store, HttpClient& http, SettingsNow settings)
      : store_(store), http_(http), settings_(std::move(settings)) {}

  Result<void> notify(const OutboxRow& row);
  Result<void> digest(const OutboxRow& row);

 private:
  Store& store_;
  HttpClient& http_;
  const SettingsNow settings_;
};

}  // namespace healer
