#include "app/pipeline/service_map.h"

#include <algorithm>
#include <array>

#include "base/glob.h"

namespace healer {
namespace {

constexpr std::size_t kVersionsKept = 20;

bool matches_any(const std::vector<std::string>& globs, std::string_view text) {
  return !text.empty() &&
         std::ranges::any_of(globs, [&](const auto& glob) { return wildcard_match(glob, text); });
}

bool names_service(const Attribute& attribute, std::string_view name) {
  static constexpr std::array<std::string_view, 6> kKeys{
      "service", "service.name", "service_name", "app", "job", "alert.service"};
  return attribute.value == name && std::ranges::find(kKeys, attribute.key) != kKeys.end();
}

}  // namespace

ServiceMap::ServiceMap(std::vector<Service> services) : services_(std::move(services)) {}

const Service* ServiceMap::find(std::string_view name) const {
  const auto it = std::ranges::find(services_, name, &Service::name);
  return it == services_.end() ? nullptr : &*it;
}

const Service* ServiceMap::claim(const LogRecord& record) const {
  if (!record.service.empty())
    if (const Service* named = find(record.service)) return named;
  for (const auto& service : services_) {
    if (matches_any(service.logs, record.source) || matches_any(service.match, record.source) ||
        matches_any(service.match, record.host) || matches_any(service.match, record.component))
      return &service;
    for (const auto& attribute : record.attributes)
      if (names_service(attribute, service.name) || matches_any(service.match, attribute.value))
        return &service;
  }
  return nullptr;
}

void ServiceMap::assign(RecordBatch& batch) {
  // Records of one batch mostly share source, host and component: the last answer is tried first.
  const LogRecord* last = nullptr;
  const Service* last_claim = nullptr;
  for (auto& record : batch.records) {
    const bool same = last != nullptr && last->source == record.source &&
                      last->host == record.host && last->component == record.component &&
                      record.attributes.empty() && record.service.empty();
    const Service* service = same ? last_claim : claim(record);
    if (record.attributes.empty() && record.service.empty()) {
      last = &record;
      last_claim = service;
    }
    record.service = service != nullptr ? std::string_view(service->name) : std::string_view{};
    if (service != nullptr && record.version.empty()) {
      std::string version = version_at(service->name, record.time);
      const bool known = !batch.bytes.empty() && batch.bytes.back() == version;
      record.version = known ? std::string_view(batch.bytes.back()) : batch.own(std::move(version));
    }
  }
}

void ServiceMap::deployed(const Deploy& deploy) {
  if (deploy.status != "success") return;
  if (const Service* service = find(deploy.service);
      service != nullptr && !deploy.environment.empty() && !service->environment.empty() &&
      service->environment != deploy.environment)
    return;
  std::lock_guard lock(mutex_);
  auto& list = versions_[deploy.service];
  list.push_back({deploy.at, version_of(deploy)});
  std::ranges::stable_sort(list, {}, &Version::since);
  if (list.size() > kVersionsKept) list.erase(list.begin());
}

UnixMs ServiceMap::deployed_at(std::string_view service, std::string_view version) const {
  std::lock_guard lock(mutex_);
  const auto it = versions_.find(std::string(service));
  if (it == versions_.end() || version.empty()) return 0;
  UnixMs out = 0;
  for (const auto& known : it->second)
    if (known.name == version) out = known.since;
  return out;
}

std::string ServiceMap::version_at(std::string_view service, UnixMs time) const {
  std::lock_guard lock(mutex_);
  const auto it = versions_.find(std::string(service));
  if (it == versions_.end()) return {};
  std::string out;
  for (const auto& version : it->second)
    if (version.since <= time) out = version.name;
  return out;
}

}  // namespace healer
