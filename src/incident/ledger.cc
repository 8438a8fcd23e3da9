#include "incident/ledger.h"

#include <fmt/format.h>

#include <charconv>

#include "base/hash.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr const char* kSpace = "ledger";

WriteOp put(std::string key, std::string bytes) {
  return PutValue{{.space = kSpace, .key = std::move(key), .bytes = std::move(bytes)}};
}

WriteOp put_time(std::string key, UnixMs at) { return put(std::move(key), std::to_string(at)); }

UnixMs to_time(const std::string& bytes) {
  UnixMs out = 0;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), out);
  return out;
}

// Repositories and paths go into keys as hashes: no separator in them can reach another row.
std::string repo_key(const std::string& repository) { return hex16(hash64(repository)); }

std::string setting_key(const std::string& repository, const std::string& file,
                        const std::string& path) {
  return fmt::format("setting/{}/{}", repo_key(repository), hex16(hash64(file + '\0' + path)));
}

}  // namespace

Result<UnixMs> Ledger::time_of(const std::string& key) const {
  const auto value = TRY(lookup_.value(kSpace, key));
  return value ? to_time(*value) : 0;
}

Result<Ledger::OpenPulls> Ledger::open_pulls(const std::string& repository,
                                             const std::string& except_incident) const {
  OpenPulls out;
  const std::string mine = "open_pull/" + repo_key(repository) + "/";
  for (const auto& row : TRY(journal_.values(kSpace, "open_pull/"))) {
    if (row.key.ends_with("/" + except_incident)) continue;
    ++out.all;
    if (row.key.starts_with(mine)) ++out.repository;
  }
  return out;
}

WriteOp Ledger::pull_opened(const std::string& repository, const std::string& incident) {
  return put("open_pull/" + repo_key(repository) + "/" + incident, repository);
}
WriteOp Ledger::pull_ended(const std::string& repository, const std::string& incident) {
  return DropValue{kSpace, "open_pull/" + repo_key(repository) + "/" + incident};
}

Result<UnixMs> Ledger::last_fix_end(const std::string& fingerprint,
                                    const std::string& commit) const {
  return time_of("fix_end/" + fingerprint + "/" + commit);
}
WriteOp Ledger::fix_ended(const std::string& fingerprint, const std::string& commit, UnixMs at) {
  return put_time("fix_end/" + fingerprint + "/" + commit, at);
}

Result<Ledger::Failures> Ledger::failures(const std::string& repository, UnixMs since) const {
  Failures out;
  for (const auto& row : TRY(journal_.values(kSpace, "failed/" + repo_key(repository) + "/"))) {
    const UnixMs at = to_time(row.bytes);
    if (at < since) continue;
    ++out.count;
    if (out.oldest == 0 || at < out.oldest) out.oldest = at;
  }
  return out;
}
WriteOp Ledger::fix_failed(const std::string& repository, const std::string& incident, UnixMs at) {
  return put_time(fmt::format("failed/{}/{}-{}", repo_key(repository), incident, at), at);
}

Result<UnixMs> Ledger::setting_changed(const std::string& repository, const std::string& file,
                                       const std::string& path) const {
  return time_of(setting_key(repository, file, path));
}
WriteOp Ledger::setting_was_changed(const std::string& repository, const std::string& file,
                                    const std::string& path, UnixMs at) {
  return put_time(setting_key(repository, file, path), at);
}

Result<bool> Ledger::declined(const std::string& fingerprint, const std::string& playbook,
                              const std::string& code) const {
  const auto value = TRY(lookup_.value(kSpace, "declined/" + fingerprint + "/" + playbook));
  return value && *value == code;
}
WriteOp Ledger::was_declined(const std::string& fingerprint, const std::string& playbook,
                             const std::string& code) {
  return put("declined/" + fingerprint + "/" + playbook, code);
}

Result<std::string> Ledger::plan_owner(const std::string& repository,
                                       const std::string& plan_hash) const {
  const auto value = TRY(lookup_.value(kSpace, "plan/" + repo_key(repository) + "/" + plan_hash));
  return value.value_or("");
}
WriteOp Ledger::plan_taken(const std::string& repository, const std::string& plan_hash,
                           const std::string& incident) {
  return put("plan/" + repo_key(repository) + "/" + plan_hash, incident);
}
WriteOp Ledger::plan_released(const std::string& repository, const std::string& plan_hash) {
  return DropValue{kSpace, "plan/" + repo_key(repository) + "/" + plan_hash};
}

Result<std::optional<Deploy>> Ledger::deployed(const std::string& service) const {
  const auto value = TRY(lookup_.value(kSpace, "deploy/" + service));
  if (!value) return std::optional<Deploy>{};
  return std::optional<Deploy>(TRY(from_json<Deploy>(*value)));
}
Result<std::vector<Deploy>> Ledger::deploys() const {
  std::vector<Deploy> out;
  for (const auto& row : TRY(journal_.values(kSpace, "deploy/")))
    out.push_back(TRY(from_json<Deploy>(row.bytes)));
  return out;
}
WriteOp Ledger::was_deployed(const Deploy& deploy) {
  return put("deploy/" + deploy.service, to_json(deploy));
}

Result<bool> Ledger::silenced(const std::string& fingerprint, const std::string& service,
                              UnixMs now) const {
  for (const auto& key : {fingerprint, service})
    if (!key.empty() && TRY(time_of("silence/" + key)) > now) return true;
  return false;
}
WriteOp Ledger::silence(const std::string& fingerprint_or_service, UnixMs until) {
  return put_time("silence/" + fingerprint_or_service, until);
}

void StormWatch::failing(const std::string& service, UnixMs now) {
  std::lock_guard lock(mutex_);
  last_[service] = now;
}

int StormWatch::count(UnixMs now, Millis window) const {
  std::lock_guard lock(mutex_);
  int out = 0;
  for (const auto& [service, at] : last_) out += at > now - window.count() ? 1 : 0;
  return out;
}

std::string StormWatch::parent() const {
  std::lock_guard lock(mutex_);
  return parent_;
}

void StormWatch::set_parent(std::string incident) {
  std::lock_guard lock(mutex_);
  parent_ = std::move(incident);
}

}  // namespace healer
