#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ports/store/journal.h"
#include "ports/store/signals.h"
#include "types/deploy.h"
#include "types/patch.h"

namespace healer {

// What decisions must remember beyond one incident, as key-values of the store: so it is committed
// with the step that caused it and survives kill -9. Reads block; the static functions make
// operations for a batch.
class Ledger {
 public:
  Ledger(JournalReader& journal, LookupReader& lookup) : journal_(journal), lookup_(lookup) {}

  // Open pull requests: the repository of each, by incident.
  Result<std::map<std::string, std::string>> open_pulls() const;
  static WriteOp pull_opened(const std::string& repository, const std::string& incident);
  static WriteOp pull_ended(const std::string& repository, const std::string& incident);

  // When a fix of the fingerprint on that deployed commit last ended; 0: never.
  Result<UnixMs> last_fix_end(const std::string& fingerprint, const std::string& commit) const;
  static WriteOp fix_ended(const std::string& fingerprint, const std::string& commit, UnixMs at);

  struct Failures {
    int count = 0;
    UnixMs oldest = 0;
  };
  Result<Failures> failures(const std::string& repository, UnixMs since) const;
  static WriteOp fix_failed(const std::string& repository, const std::string& incident, UnixMs at);

  Result<UnixMs> setting_changed(const std::string& repository, const std::string& file,
                                 const std::string& path) const;
  static WriteOp setting_was_changed(const std::string& repository, const std::string& file,
                                     const std::string& path, UnixMs at);

  // The code that a person would not have changed by that playbook for that fingerprint
  // (Workbench::code_of), as it was then; empty: none.
  Result<std::string> declined(const std::string& fingerprint, const std::string& playbook) const;
  static WriteOp was_declined(const std::string& fingerprint, const std::string& playbook,
                              const std::string& code);

  // One incident at a time changes a setting: its keys here, and who has one; empty: nobody.
  static std::vector<std::string> setting_keys(const std::string& repository, const Plan& plan);
  Result<std::string> holder(const std::string& setting_key) const;
  static WriteOp taken(const std::string& setting_key, const std::string& incident);
  static WriteOp released(const std::string& setting_key);

  // The last successful deploy of a service to that environment, or to one that it did not name.
  Result<std::optional<Deploy>> deployed(const std::string& service,
                                         const std::string& environment) const;
  // Of late, oldest first: which version wrote a record is known from them after a restart too.
  Result<std::vector<Deploy>> deploys() const;
  // Writes it down and forgets the oldest of that service and environment.
  Result<WriteBatch> was_deployed(const Deploy& deploy) const;

  // Until when a person silenced this fingerprint or service; 0: not at all.
  Result<UnixMs> silenced_until(const std::string& fingerprint, const std::string& service) const;
  static WriteOp silence(const std::string& fingerprint_or_service, UnixMs until);

 private:
  Result<UnixMs> time_of(const std::string& key) const;
  JournalReader& journal_;
  LookupReader& lookup_;
};

// Which services failed seriously of late, for the storm brake. In memory: two minutes are soon
// seen again.
class StormWatch {
 public:
  void failing(const std::string& service, UnixMs now);
  int count(UnixMs now, Millis window) const;
  // The incident that stands for the storm that this one is part of: the first that joined it. A
  // storm is over when nobody has joined it for that long.
  std::string join(const std::string& incident, UnixMs now, Millis window);
  std::string parent(UnixMs now, Millis window) const;  // empty: no storm runs

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, UnixMs> last_;
  std::string parent_;
  UnixMs joined_ = 0;
};

// What steps have taken and the store does not know of yet, so that two steps at once never both
// take the last of something. In memory: a step that never ended took nothing. Thread-safe.
class Claims {
 public:
  // Claims the key unless another incident has; who has it now.
  std::string take(const std::string& key, const std::string& incident);
  // Claims a pull request; the incidents that did before it, with their repositories.
  std::map<std::string, std::string> take_pull(const std::string& repository,
                                               const std::string& incident);
  // What the incident's last step claimed is committed, or never will be.
  void drop(const std::string& incident);

 private:
  struct Pull {
    std::string incident, repository;
  };
  std::mutex mutex_;
  std::map<std::string, std::string> keys_;
  std::vector<Pull> pulls_;  // in the order of arrival
};

}  // namespace healer
