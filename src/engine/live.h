#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/records.h"

namespace healer {

// Where an unfinished workflow stands in this process.
enum class Place { waiting, ready, running };  // running: until its commit is answered

// An unfinished workflow. While `running`, its step thread, then the commit's callback, owns
// everything above `events`; the rest and `place` belong to the engine's mutex.
struct Live {
  std::string id;
  std::string kind_name;
  const WorkflowKind* kind = nullptr;

  bool loaded = false;  // the members up to `intents` are what the store has
  Envelope at;
  std::int64_t version = 0;
  std::int64_t sequence = 0;  // of the last journal row
  std::map<std::string, UnixMs> intents;
  int refusals = 0;        // commits in a row that the store could not take
  int conflicts = 0;       // commits in a row that conflicted
  int event_attempts = 0;  // of the oldest event

  std::map<std::uint64_t, std::string> events;  // committed, not yet handled; by number
  std::uint64_t next_event = 1;
  std::vector<FinishDone> finished;
  Place place = Place::waiting;
  WorkflowPhase phase = WorkflowPhase::ready;  // as committed
  UnixMs due = 0;                              // phase waiting: when it goes on; 0: at an event
  UnixMs not_before = 0;    // after a refused commit or event: not before that, whatever else
  UnixMs timer_at = 0;      // its entry among the engine's timers; 0: none
  bool event_only = false;  // ready because of an event, while it still waits
  bool ending = false;      // its last commit is on its way: too late for an event
  int put_off = 0;          // how often its end waited for events that came meanwhile
};

}  // namespace healer
