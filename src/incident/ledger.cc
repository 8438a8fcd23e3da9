#include "incident/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/hash.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr const char* kSpace = "ledger";
constexpr std::size_t kDeploysKept = 20;  // of a service and environment

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

Result<std::map<std::string, std::string>> Ledger::open_pulls() const {
  std::map<std::string, std::string> out;
  for (const auto& row : TRY(journal_.values(kSpace, "open_pull/")))
    out.emplace(row.key.substr(row.key.rfind('/') + 1), row.bytes);
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

Result<std::string> Ledger::declined(const std::string& fingerprint,
                                     const std::string& playbook) const {
  return TRY(lookup_.value(kSpace, "declined/" + fingerprint + "/" + playbook)).value_or("");
}
WriteOp Ledger::was_declined(const std::string& fingerprint, const std::string& playbook,
                             const std::string& code) {
  return put("declined/" + fingerprint + "/" + playbook, code);
}

std::vector<std::string> Ledger::setting_keys(const std::string& repository, const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& edit : plan.edits) {
    auto key = "changes/" + setting_key(repository, edit.file, edit.path);
    if (std::ranges::find(out, key) == out.end()) out.push_back(std::move(key));
  }
  return out;
}
Result<std::string> Ledger::holder(const std::string& setting_key) const {
  return TRY(lookup_.value(kSpace, setting_key)).value_or("");
}
WriteOp Ledger::taken(const std::string& setting_key, const std::string& incident) {
  return put(setting_key, incident);
}
WriteOp Ledger::released(const std::string& setting_key) { return DropValue{kSpace, setting_key}; }

Result<std::optional<Deploy>> Ledger::deployed(const std::string& service,
                                               const std::string& environment) const {
  std::optional<Deploy> newest;
  for (const auto& row : TRY(journal_.values(kSpace, "deploy/" + service + "/"))) {
    auto deploy = TRY(from_json<Deploy>(row.bytes));
    const bool here =
        deploy.environment.empty() || environment.empty() || deploy.environment == environment;
    if (deploy.service == service && here && (!newest || newest->at.ms <= deploy.at.ms))
      newest = std::move(deploy);
  }
  return newest;
}
Result<std::vector<Deploy>> Ledger::deploys() const {
  std::vector<Deploy> out;
  for (const auto& row : TRY(journal_.values(kSpace, "deploy/")))
    out.push_back(TRY(from_json<Deploy>(row.bytes)));
  std::ranges::stable_sort(out, {}, [](const Deploy& deploy) { return deploy.at.ms; });
  return out;
}
Result<WriteBatch> Ledger::was_deployed(const Deploy& deploy) const {
  const std::string place = fmt::format("deploy/{}/{}/", deploy.service, deploy.environment);
  WriteBatch out;
  const auto known = TRY(journal_.values(kSpace, place));  // by key: by time
  for (std::size_t i = 0; i + kDeploysKept <= known.size(); ++i)
    out.add(DropValue{kSpace, known[i].key});
  out.add(put(fmt::format("{}{:014}", place, deploy.at.ms), to_json(deploy)));
  return out;
}

Result<UnixMs> Ledger::silenced_until(const std::string& fingerprint,
                                      const std::string& service) const {
  UnixMs out = 0;
  for (const auto& key : {fingerprint, service}) {
    const UnixMs until = key.empty() ? 0 : TRY(time_of("silence/" + key));
    out = std::max(out, until);
  }
  return out;
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

std::string StormWatch::join(const std::string& incident, UnixMs now, Millis window) {
  std::lock_guard lock(mutex_);
  if (parent_.empty() || joined_ <= now - window.count()) parent_ = incident;
  joined_ = now;
  return parent_;
}

std::string StormWatch::parent(UnixMs now, Millis window) const {
  std::lock_guard lock(mutex_);
  return joined_ <= now - window.count() ? std::string() : parent_;
}

std::string Claims::take(const std::string& key, const std::string& incident) {
  std::lock_guard lock(mutex_);
  return keys_.emplace(key, incident).first->second;
}

std::map<std::string, std::string> Claims::take_pull(const std::string& repository,
                                                     const std::string& incident) {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::string> before;
  for (const auto& pull : pulls_) {
    if (pull.incident == incident) return before;
    before.emplace(pull.incident, pull.repository);
  }
  pulls_.push_back({incident, repository});
  return before;
}

void Claims::drop(const std::string& incident) {
  std::lock_guard lock(mutex_);
  std::erase_if(keys_, [&](const auto& item) { return item.second == incident; });
  std::erase_if(pulls_, [&](const Pull& pull) { return pull.incident == incident; });
}

}  // namespace healer
