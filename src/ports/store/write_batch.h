#pragma once
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "ports/store/rows.h"

namespace healer {

// Inserts (expected 0) or replaces the row whose version is `expected`, else conflict. The new
// version is expected + 1, whatever the row says.
struct PutWorkflow {
  WorkflowRow row;
  std::int64_t expected = 0;
};

// The same for an incident; expected kAnyVersion replaces whatever is there. A second open (not
// done) incident of a fingerprint other than 0 is a conflict. An update leaves count and last_seen,
// and with kAnyVersion hidden.
struct PutIncident {
  IncidentRow row;
  std::int64_t expected = 0;
};
inline constexpr std::int64_t kAnyVersion = -1;

// More records of a known incident; does not change its version. conflict if there is no such id.
struct IncidentSeen {
  std::string id;
  std::int64_t n = 0;
  UnixMs last_seen = 0;
};

// An epoch above the stored one takes over; the same one renews, for its owner only; else fenced.
struct PutLease {
  LeaseRow row;
};

struct PutOutbox {  // inserts or replaces by id
  OutboxRow row;
};
struct AckOutbox {  // delivered or given up: forgotten
  std::string id;
};

// conflict if (route, key) is there and has not expired.
struct PutIdempotency {
  IdempotencyRow row;
};

struct PutValue {  // inserts or replaces
  KeyValue row;
};
struct DropValue {  // nothing happens if it is not there
  std::string space, key;
};

struct PutCheckpoint {  // inserts or replaces by source
  CheckpointRow row;
};

struct DropCheckpoint {  // nothing happens if it is not there
  std::string source;
};

struct PutTemplate {  // inserts or replaces by id; conflict if that would change its fingerprint
  TemplateRow row;
};

using WriteOp = std::variant<JournalRow, PutWorkflow, PutIncident, IncidentSeen, PutLease,
                             PutOutbox, AckOutbox, PutIdempotency, PutValue, DropValue,
                             PutCheckpoint, DropCheckpoint, PutTemplate, CountDelta>;

// The whole batch is fenced where the lease's epoch is not this one any more.
struct Fence {
  std::string lease;
  std::uint64_t epoch = 0;
};

// Applied in one transaction or not at all, in order.
struct WriteBatch {
  std::vector<WriteOp> ops;
  std::optional<Fence> fence;
  bool accepted = false;  // work already promised: queued even where the queue is full

  void add(WriteOp op) { ops.push_back(std::move(op)); }
  void append(WriteBatch&& more) {
    for (auto& op : more.ops) ops.push_back(std::move(op));
    more.ops.clear();
  }
};

}  // namespace healer
