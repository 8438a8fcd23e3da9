#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ports/store/count_fold.h"
#include "ports/store/journal.h"

namespace healer {

// The rows of a MemoryStore. A batch that is refused leaves no trace.
class MemoryTables {
 public:
  explicit MemoryTables(Millis bucket) : counts(bucket) {}
  CommitResult apply(const WriteBatch& batch, UnixMs now);

  std::map<std::pair<std::string, std::int64_t>, JournalRow> journal;
  std::map<std::string, WorkflowRow> workflows;
  std::map<std::string, LeaseRow> leases;
  std::map<std::string, OutboxRow> outbox;
  std::map<std::pair<std::string, std::string>, IdempotencyRow> idempotency;  // by route, key
  std::map<std::pair<std::string, std::string>, std::string> values;          // by space, key
  std::map<std::string, std::string> checkpoints;
  std::map<std::uint64_t, TemplateRow> templates;
  std::map<std::string, IncidentRow> incidents;
  CountFold counts;

 private:
  using Undo = std::vector<std::function<void()>>;

  // Sets or erases (nullopt) one row and notes how to take that back.
  template <class Map>
  void set(Undo& undo, Map& map, const typename Map::key_type& key,
           std::optional<typename Map::mapped_type> row);

  CommitResult put(Undo& undo, const JournalRow& row);
  CommitResult put(Undo& undo, const PutWorkflow& op);
  CommitResult put(Undo& undo, const PutIncident& op);
  CommitResult put(Undo& undo, const IncidentSeen& op);
  CommitResult put(Undo& undo, const PutLease& op);
  CommitResult put(Undo& undo, const PutOutbox& op);
  CommitResult put(Undo& undo, const AckOutbox& op);
  CommitResult put(Undo& undo, const PutIdempotency& op);
  CommitResult put(Undo& undo, const PutValue& op);
  CommitResult put(Undo& undo, const DropValue& op);
  CommitResult put(Undo& undo, const PutCheckpoint& op);
  CommitResult put(Undo& undo, const DropCheckpoint& op);
  CommitResult put(Undo& undo, const PutTemplate& op);
  CommitResult put(Undo& undo, const CountDelta& op);
  bool another_is_open(const IncidentRow& row) const;

  UnixMs now_ = 0;
};

}  // namespace healer
