#include "stages/mine/miner.h"

#include <charconv>
#include <map>
#include <string>
#include <unordered_map>

#include "base/hash.h"
#include "stages/ingest/ingest.h"
#include "stages/mine/flat_map.h"
#include "stages/mine/template_set.h"

namespace healer {
namespace {

using Index = TemplateSet::Index;

struct ServiceTemplates {
  std::string name;
  TemplateSet set;
  std::size_t known = 0;  // templates that have an id

  ServiceTemplates(std::string_view service, std::size_t max) : name(service), set(max, max / 4) {}
};

Fingerprint birth_fingerprint(std::string_view service, std::string_view birth_key) {
  return hash64(birth_key, hash64(service));
}

// The sender's fingerprint of an alert; 0 if the record is none.
std::string_view alert_key(const LogRecord& record) {
  if (record.attributes.empty() || record.attributes[0].key != alert_attribute::kFingerprint)
    return {};
  return record.attributes[0].value;
}

Fingerprint parse_hex(std::string_view text) {
  Fingerprint value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

struct Placed {
  ServiceTemplates* service;
  Index index;
};

}  // namespace

struct Miner::State {
  TemplateIds& ids;
  MinerOptions options;
  std::uint64_t batch = 0;
  std::map<std::string, std::unique_ptr<ServiceTemplates>, std::less<>> services;
  std::unordered_map<TemplateId, std::pair<ServiceTemplates*, Index>> by_id;
  std::vector<Placed> placed;
  FlatMap groups;

  ServiceTemplates& service(std::string_view name);
  void number(ServiceTemplates& service, const LogRecord& record);
  Placed place(const LogRecord& record, ServiceTemplates& service);
  LogTemplate row(const ServiceTemplates& service, const TemplateSet::Template& one) const;
};

ServiceTemplates& Miner::State::service(std::string_view name) {
  const auto found = services.find(name);
  if (found != services.end()) return *found->second;
  auto fresh = std::make_unique<ServiceTemplates>(name, options.templates_per_service_max);
  return *services.emplace(std::string(name), std::move(fresh)).first->second;
}

// Ids and fingerprints of templates that assign() has just made.
void Miner::State::number(ServiceTemplates& service, const LogRecord& record) {
  for (; service.known < service.set.size(); ++service.known) {
    auto& one = service.set.at(static_cast<Index>(service.known));
    const std::string_view alert = alert_key(record);
    one.id = ids.next();
    one.fingerprint =
        alert.empty() ? birth_fingerprint(service.name, one.birth_key) : parse_hex(alert);
    one.born_in = batch;
    by_id[one.id] = {&service, static_cast<Index>(service.known)};
  }
}

Placed Miner::State::place(const LogRecord& record, ServiceTemplates& service) {
  const std::string_view alert = alert_key(record);
  const Index index = alert.empty()
                          ? service.set.assign(record.message, record.level >= Level::error)
                          : service.set.assign_key(alert, record.message);
  if (service.known < service.set.size()) number(service, record);
  return {&service, index};
}

LogTemplate Miner::State::row(const ServiceTemplates& service,
                              const TemplateSet::Template& one) const {
  const auto& target = service.set.at(one.alias_of);
  return {.id = one.id,
          .fingerprint = one.fingerprint,
          .alias_of = target.id == one.id ? 0 : target.id,
          .service = service.name,
          .birth_key = one.birth_key,
          .text = one.text};
}

Miner::Miner(TemplateIds& ids, MinerOptions options)
    : state_(std::make_unique<State>(State{.ids = ids, .options = options})) {}
Miner::~Miner() = default;
Miner::Miner(Miner&&) noexcept = default;

std::vector<TemplateHit> Miner::add(const RecordBatch& batch) {
  State& state = *state_;
  ++state.batch;
  state.placed.clear();
  ServiceTemplates* service = nullptr;
  for (const auto& record : batch.records) {
    if (service == nullptr || service->name != record.service)
      service = &state.service(record.service);
    state.placed.push_back(state.place(record, *service));
  }
  // Only now is it known which templates this batch merged.
  std::vector<TemplateHit> hits;
  state.groups.clear();
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const LogRecord& record = batch.records[i];
    const auto& set = state.placed[i].service->set;
    const auto& one = set.at(set.resolve(state.placed[i].index));
    std::uint64_t key = one.id * 0x9E3779B97F4A7C15ULL;
    if (!record.host.empty()) key ^= hash64(record.host, key);
    if (!record.version.empty()) key ^= hash64(record.version, key + 1);
    if (!alert_key(record).empty())  // firing and resolved are two things to hear of
      key ^= hash64(attribute(record, alert_attribute::kStatus), key + 2);
    const std::uint32_t known = state.groups.find(key);
    if (known != FlatMap::kAbsent) {
      ++hits[known].count;
      continue;
    }
    state.groups.put(key, static_cast<std::uint32_t>(hits.size()));
    hits.push_back({.template_id = one.id,
                    .fingerprint = one.fingerprint,
                    .is_new = one.born_in == state.batch,
                    .text = one.text,
                    .count = 1,
                    .sample = i,
                    .record = &record});
  }
  return hits;
}

std::vector<LogTemplate> Miner::take_changes() {
  std::vector<LogTemplate> out;
  for (auto& [name, service] : state_->services)
    for (const Index index : service->set.take_changed())
      out.push_back(state_->row(*service, service->set.at(index)));
  return out;
}

std::vector<LogTemplate> Miner::snapshot() const {
  std::vector<LogTemplate> out;
  for (const auto& [name, service] : state_->services)
    for (std::size_t i = 0; i < service->set.size(); ++i)
      out.push_back(state_->row(*service, service->set.at(static_cast<Index>(i))));
  return out;
}

void Miner::restore(std::span<const LogTemplate> templates) {
  State& state = *state_;
  for (const bool aliases : {false, true}) {
    for (const auto& row : templates) {
      if ((row.alias_of != 0) != aliases) continue;
      ServiceTemplates& service = state.service(row.service);
      const auto target = state.by_id.find(row.alias_of);
      if (aliases && target == state.by_id.end()) continue;  // its target is gone: so is it
      const Index index =
          aliases ? service.set.restore_alias(row.birth_key, row.text, target->second.second)
                  : service.set.restore(row.birth_key, row.text);
      auto& one = service.set.at(index);
      one.id = row.id;
      one.fingerprint = row.fingerprint;
      state.ids.seen(row.id);
      state.by_id[row.id] = {&service, index};
      service.known = service.set.size();
    }
  }
  for (auto& [name, service] : state.services) service->set.take_changed();
}

TemplateId Miner::resolve(TemplateId id) const {
  const auto found = state_->by_id.find(id);
  if (found == state_->by_id.end()) return id;
  const auto& set = found->second.first->set;
  return set.at(set.resolve(found->second.second)).id;
}

}  // namespace healer
