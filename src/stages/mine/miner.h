#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/limits.h"
#include "types/log_template.h"
#include "types/template_hit.h"

namespace healer {

// Where template ids come from: one for all shards, so that no id is given twice. Thread-safe.
class TemplateIds {
 public:
  TemplateId next() { return ++last_; }
  void seen(TemplateId id) {
    for (TemplateId last = last_.load(); id > last && !last_.compare_exchange_weak(last, id);) {
    }
  }

 private:
  std::atomic<TemplateId> last_{0};
};

struct MinerOptions {
  std::size_t templates_per_service_max = limits::kTemplatesPerServiceMax;
};

// Assigns each record a template, online, and a fingerprint that never changes: hash64 of service
// and birth key, or the sender's for an alert. One per shard; not thread-safe. Past the limit of a
// service, what fits no template goes to an overflow template of text "<*>", failures to one of
// their own; a quarter of the templates is theirs alone.
class Miner {
 public:
  explicit Miner(TemplateIds& ids, MinerOptions options = {});
  ~Miner();
  Miner(Miner&&) noexcept;

  // One hit per (template, service, host, version) of the batch, in order of first occurrence.
  // Hits point into `batch`.
  std::vector<TemplateHit> add(const RecordBatch& batch);

  // Templates created, grown or aliased since the last call: to be committed with the counts.
  std::vector<LogTemplate> take_changes();

  // All templates, aliases too; restore() into a fresh Miner gives the same ids and fingerprints.
  std::vector<LogTemplate> snapshot() const;
  void restore(std::span<const LogTemplate> templates);

  // The template that `id` is now part of (itself unless merged); `id` if it is not known here.
  TemplateId resolve(TemplateId id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace healer
