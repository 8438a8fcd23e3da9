#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "ports/store/journal.h"
#include "types/consultation.h"

namespace healer {

// How much models may take: per incident, and per UTC day for one repository and in all.
struct LlmBudget {
  std::int64_t tokens_per_incident_max = 20'000;
  std::int64_t tokens_per_repository_day_max = 500'000;
  std::int64_t tokens_per_day_max = 2'000'000;
  double usd_per_incident_max = 0.25;
  double usd_per_repository_day_max = 5;
  double usd_per_day_max = 20;
};

// Keeps the books of a day. Each incident's sum is a key-value, so that the books are right after a
// restart; those of earlier days are dropped. Thread-safe.
class Spending {
 public:
  explicit Spending(JournalReader& journal) : journal_(journal) {}

  // Books `cost` for the incident, or says which setting stands in the way; empty: booked.
  Result<std::string> book(const LlmBudget& budget, const std::string& incident, Spent& spent,
                           const Spent& cost, UnixMs now);

  // Replaces what was booked by what it took in the end.
  void correct(const std::string& incident, Spent& spent, const Spent& booked, const Spent& took);

  // The incident's sum of the day, to be committed with what the calls brought.
  void keep(const std::string& incident, WriteBatch& batch);

 private:
  Result<void> open_day(UnixMs now);

  JournalReader& journal_;
  std::mutex mutex_;
  std::string day_;                    // that the books are of
  std::map<std::string, Spent> sums_;  // of that day, by incident
  std::vector<std::string> outdated_;  // keys of earlier days
};

}  // namespace healer
