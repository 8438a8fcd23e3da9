#pragma once
#include <cstdint>
#include <string>

#include "base/time.h"

// What the store keeps, one struct per table; plain columns, no meaning. A fingerprint is the
// 64-bit number of types/template_hit.h (16 hex digits in JSON).
namespace healer {

// One fact of a workflow's history. (workflow_id, sequence) exists once: a second one is a
// conflict.
struct JournalRow {
  std::string workflow_id;
  std::int64_t sequence = 0;  // from 1
  std::uint64_t epoch = 0;    // lease epoch of the writer
  int format = 0;             // version of `bytes`
  UnixMs at = 0;
  std::string bytes;
};

enum class WorkflowPhase { ready, waiting, done };  // stored as 0, 1, 2

struct WorkflowRow {
  std::string id, kind;
  std::int64_t version = 0;  // +1 with every put
  WorkflowPhase phase = WorkflowPhase::ready;
  UnixMs due = 0;  // waiting: its timer; 0: waits for an event only
  UnixMs updated = 0;
  std::string state;
};

struct LeaseRow {
  std::string name;
  std::uint64_t epoch = 0;
  std::string owner;
  UnixMs until = 0;  // 0: as long as the owner holds the data folder
};

struct OutboxRow {
  std::string id;  // the same on every delivery, so that a receiver can drop a duplicate
  std::string sink, bytes;
  int attempts = 0;
  UnixMs due = 0;
};

struct IdempotencyRow {
  std::string key, route, response;
  UnixMs expires = 0;
};

struct KeyValue {
  std::string space, key, bytes;
};

struct CheckpointRow {
  std::string source, bytes;
};

struct TemplateRow {
  std::uint64_t id = 0, fingerprint = 0, alias_of = 0;
  std::string service, birth_key, text;
};

// `n` records of a fingerprint that arrived at `at`; kept per 10 s bucket, instance and version.
// For what a service logs in all, use normal_fingerprint(service).
struct CountDelta {
  std::uint64_t fingerprint = 0;
  UnixMs at = 0;
  std::string instance, version;
  std::int64_t n = 0;
};
std::uint64_t normal_fingerprint(std::string_view service);

// What lists, filters and pages need in columns; the rest is `body_json`, returned as it came.
struct IncidentRow {
  std::string id;  // time-ordered: lists are sorted by it
  std::uint64_t fingerprint = 0;
  std::string service, status, severity, category;
  bool done = false, hidden = false;
  UnixMs created = 0, first_seen = 0, last_seen = 0;
  std::int64_t count = 0;  // like last_seen: set at insert, then only raised by IncidentSeen
  std::int64_t priority = 0;
  std::int64_t version = 0;
  std::string text;  // what a search looks in
  std::string body_json;
};

}  // namespace healer
