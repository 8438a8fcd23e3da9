#pragma once
#include <mutex>
#include <string>
#include <unordered_map>

#include "ports/store/journal.h"
#include "ports/store/signals.h"
#include "types/deploy.h"

namespace healer {

// What decisions must remember beyond one incident, as key-values of the store: so it is committed
// with the step that caused it and survives kill -9. Reads block; the static functions make
// operations for a batch.
class Ledger {
 public:
  Ledger(JournalReader& journal, LookupReader& lookup) : journal_(journal), lookup_(lookup) {}

  struct OpenPulls {
    int repository = 0, all = 0;
  };
  Result<OpenPulls> open_pulls(const std::string& repository,
                               const std::string& except_incident) const;
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

  // A person closed that fingerprint's pull request of that playbook while the code was in that
  // state.
  Result<bool> declined(const std::string& fingerprint, const std::string& playbook,
                        const std::string& code) const;
  static WriteOp was_declined(const std::string& fingerprint, const std::string& playbook,
                              const std::string& code);

  // The incident that is already carrying out an equal plan; empty if none.
  Result<std::string> plan_owner(const std::string& repository, const std::string& plan_hash) const;
  static WriteOp plan_taken(const std::string& repository, const std::string& plan_hash,
                            const std::string& incident);
  static WriteOp plan_released(const std::string& repository, const std::string& plan_hash);

  // The last successful deploy of a service, if any.
  Result<std::optional<Deploy>> deployed(const std::string& service) const;
  Result<std::vector<Deploy>> deploys() const;
  static WriteOp was_deployed(const Deploy& deploy);

  // True while a person silenced this fingerprint or service.
  Result<bool> silenced(const std::string& fingerprint, const std::string& service,
                        UnixMs now) const;
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
  // The incident that stands for the running storm; empty: none.
  std::string parent() const;
  void set_parent(std::string incident);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, UnixMs> last_;
  std::string parent_;
};

}  // namespace healer
