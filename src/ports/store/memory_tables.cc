#include "ports/store/memory_tables.h"

#include <algorithm>

namespace healer {

namespace {

CommitResult conflict(std::string message) { return {CommitStatus::conflict, std::move(message)}; }

}  // namespace

template <class Map>
void MemoryTables::set(Undo& undo, Map& map, const typename Map::key_type& key,
                       std::optional<typename Map::mapped_type> row) {
  std::optional<typename Map::mapped_type> before;
  if (auto it = map.find(key); it != map.end()) before = std::move(it->second);
  if (row) {
    map.insert_or_assign(key, *std::move(row));
  } else {
    map.erase(key);
  }
  undo.push_back([&map, key, before = std::move(before)] {
    if (before) {
      map.insert_or_assign(key, *before);
    } else {
      map.erase(key);
    }
  });
}

CommitResult MemoryTables::apply(const WriteBatch& batch, UnixMs now) {
  now_ = now;
  if (batch.fence) {
    auto it = leases.find(batch.fence->lease);
    const std::uint64_t epoch = it == leases.end() ? 0 : it->second.epoch;
    if (epoch != batch.fence->epoch) {
      return {CommitStatus::fenced, "another epoch holds the lease " + batch.fence->lease};
    }
  }
  Undo undo;
  for (const WriteOp& op : batch.ops) {
    CommitResult result = std::visit([&](const auto& one) { return put(undo, one); }, op);
    if (result.ok()) continue;
    for (auto it = undo.rbegin(); it != undo.rend(); ++it) (*it)();
    return result;
  }
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const JournalRow& row) {
  const std::pair key(row.workflow_id, row.sequence);
  if (journal.contains(key)) return conflict("the journal row exists");
  set(undo, journal, key, row);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const PutWorkflow& op) {
  auto it = workflows.find(op.row.id);
  const std::int64_t version = it == workflows.end() ? 0 : it->second.version;
  if (version != op.expected) return conflict("the workflow has another version, or is not there");
  WorkflowRow row = op.row;
  row.version = version + 1;
  if (version > 0) row.kind = it->second.kind;
  set(undo, workflows, op.row.id, std::move(row));
  return {};
}

bool MemoryTables::another_is_open(const IncidentRow& row) const {
  if (row.done || row.fingerprint == 0) return false;
  return std::any_of(incidents.begin(), incidents.end(), [&](const auto& entry) {
    const IncidentRow& other = entry.second;
    return other.fingerprint == row.fingerprint && !other.done && other.id != row.id;
  });
}

CommitResult MemoryTables::put(Undo& undo, const PutIncident& op) {
  auto it = incidents.find(op.row.id);
  const std::int64_t version = it == incidents.end() ? 0 : it->second.version;
  if (op.expected != kAnyVersion && version != op.expected) {
    return conflict("the incident has another version, or is not there");
  }
  if (another_is_open(op.row)) return conflict("an incident of that fingerprint is open");
  IncidentRow row = op.row;
  row.version = version + 1;
  if (version > 0) {
    row.count = it->second.count;
    row.last_seen = it->second.last_seen;
    if (op.expected == kAnyVersion) row.hidden = it->second.hidden;
  }
  set(undo, incidents, op.row.id, std::move(row));
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const IncidentSeen& op) {
  auto it = incidents.find(op.id);
  if (it == incidents.end()) return conflict("no such incident");
  IncidentRow row = it->second;
  row.count += op.n;
  row.last_seen = std::max(row.last_seen, op.last_seen);
  set(undo, incidents, op.id, std::move(row));
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const PutLease& op) {
  auto it = leases.find(op.row.name);
  if (it != leases.end()) {
    const LeaseRow& held = it->second;
    const bool renewed = held.epoch == op.row.epoch && held.owner == op.row.owner;
    if (held.epoch >= op.row.epoch && !renewed) {
      return {CommitStatus::fenced, "another owner or a newer epoch holds lease " + op.row.name};
    }
  }
  set(undo, leases, op.row.name, op.row);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const PutOutbox& op) {
  set(undo, outbox, op.row.id, op.row);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const AckOutbox& op) {
  set(undo, outbox, op.id, std::nullopt);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const PutIdempotency& op) {
  const std::pair key(op.row.route, op.row.key);
  auto it = idempotency.find(key);
  if (it != idempotency.end() && it->second.expires > now_) return conflict("the key is in use");
  set(undo, idempotency, key, op.row);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const PutValue& op) {
  set(undo, values, {op.row.space, op.row.key}, op.row.bytes);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const DropValue& op) {
  set(undo, values, {op.space, op.key}, std::nullopt);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const PutCheckpoint& op) {
  set(undo, checkpoints, op.row.source, op.row.bytes);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const DropCheckpoint& op) {
  set(undo, checkpoints, op.source, std::nullopt);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const PutTemplate& op) {
  auto it = templates.find(op.row.id);
  if (it != templates.end() && it->second.fingerprint != op.row.fingerprint) {
    return conflict("a template's fingerprint never changes");
  }
  set(undo, templates, op.row.id, op.row);
  return {};
}

CommitResult MemoryTables::put(Undo& undo, const CountDelta& op) {
  counts.add(op);
  undo.push_back([this, op] {
    CountDelta back = op;
    back.n = -op.n;
    counts.add(back);
  });
  return {};
}

}  // namespace healer
