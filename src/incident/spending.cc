#include "incident/spending.h"

#include <fmt/format.h>

#include <cmath>

#include "base/metrics.h"
#include "types/json.h"

namespace healer {
namespace {

constexpr const char* kSpace = "llm_spent";

Spent& operator+=(Spent& to, const Spent& cost) {
  to.tokens += cost.tokens;
  to.micro_usd += cost.micro_usd;
  return to;
}

Spent minus(Spent of, const Spent& cost) {
  of.tokens -= cost.tokens;
  of.micro_usd -= cost.micro_usd;
  return of;
}

struct Limit {
  std::string_view setting;  // of llm.
  std::string_view whose;
  const Spent& spent;
  std::int64_t tokens_max;
  double usd_max;
};

// What costs no money is asked although the money is spent.
std::string refusal(const Limit& limit, const Spent& cost) {
  const bool tokens = limit.spent.tokens + cost.tokens > limit.tokens_max;
  const auto micro_usd_max = std::llround(limit.usd_max * 1e6);
  if (!tokens && (cost.micro_usd == 0 || limit.spent.micro_usd + cost.micro_usd <= micro_usd_max))
    return {};
  const std::string setting =
      fmt::format("{}_per_{}_max", tokens ? "tokens" : "usd", limit.setting);
  ++Metrics::counter("llm_budget_limit_hits", "limit=" + setting);
  return fmt::format("the {} of {} are spent (setting llm.{})", tokens ? "tokens" : "dollars",
                     limit.whose, setting);
}

}  // namespace

// Of the sums that were kept, the day's are taken and the others marked to be dropped.
Result<void> Spending::open_day(UnixMs now) {
  std::string day = format_utc(now).substr(0, 10);
  if (day == day_) return {};
  const auto rows = TRY(journal_.values(kSpace, ""));
  day_ = std::move(day);
  sums_.clear();
  outdated_.clear();
  Metrics::gauge("llm_degraded") = 0;
  for (const auto& row : rows) {
    const auto spent = from_json<Spent>(row.bytes);
    if (spent && row.key.starts_with(day_ + " "))
      sums_[row.key.substr(day_.size() + 1)] = *spent;
    else
      outdated_.push_back(row.key);
  }
  return {};
}

Result<std::string> Spending::book(const LlmBudget& budget, const std::string& incident,
                                   Spent& spent, const Spent& cost, UnixMs now) {
  std::lock_guard lock(mutex_);
  TRY(open_day(now));
  Spent all, repository;
  for (const auto& [id, sum] : sums_) {
    all += sum;
    if (sum.repository == spent.repository) repository += sum;
  }
  const Limit limits[] = {
      {"day", "the day", all, budget.tokens_per_day_max, budget.usd_per_day_max},
      {"repository_day", "the repository's day", repository, budget.tokens_per_repository_day_max,
       budget.usd_per_repository_day_max},
      {"incident", "the incident", spent, budget.tokens_per_incident_max,
       budget.usd_per_incident_max}};
  for (const auto& limit : limits) {
    std::string why = refusal(limit, cost);
    if (why.empty()) continue;
    if (limit.setting == "day") Metrics::gauge("llm_degraded") = 1;
    return why;
  }
  spent += cost;
  Spent& sum = sums_[incident];
  sum.repository = spent.repository;
  sum += cost;
  return std::string();
}

void Spending::correct(const std::string& incident, Spent& spent, const Spent& booked,
                       const Spent& took) {
  const Spent more = minus(took, booked);
  std::lock_guard lock(mutex_);
  spent += more;
  sums_[incident] += more;
  Metrics::counter("llm_tokens_total") += took.tokens;
  Metrics::counter("llm_micro_usd_total") += took.micro_usd;
}

void Spending::keep(const std::string& incident, WriteBatch& batch) {
  std::lock_guard lock(mutex_);
  for (auto& key : outdated_) batch.add(DropValue{kSpace, std::move(key)});
  outdated_.clear();
  if (const auto sum = sums_.find(incident); sum != sums_.end())
    batch.add(PutValue{{kSpace, day_ + " " + incident, to_json(sum->second)}});
}

}  // namespace healer
