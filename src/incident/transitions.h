#pragma once
#include <span>
#include <string>

#include "base/error.h"
#include "types/incident.h"

namespace healer {

// What can happen to an incident. Each row of the table in transitions.cc says from where and to
// where.
enum class IncidentEvent {
  analyze,
  log,
  notify,
  ask,
  queue,
  start_fix,
  prove,
  open_pull_request,
  review,
  request_changes,
  approve,
  merge,
  await_deploy,
  watch,
  heal,
  recur,
  lose_sight,
  fail,
  need_review,
  decline,
  resolve,
  dismiss,
  revert,
  retry
};
template <>
struct NamesOf<IncidentEvent> {
  static constexpr std::array<std::string_view, 24> names{"analyze",      "log",
                                                          "notify",       "ask",
                                                          "queue",        "start_fix",
                                                          "prove",        "open_pull_request",
                                                          "review",       "request_changes",
                                                          "approve",      "merge",
                                                          "await_deploy", "watch",
                                                          "heal",         "recur",
                                                          "lose_sight",   "fail",
                                                          "need_review",  "decline",
                                                          "resolve",      "dismiss",
                                                          "revert",       "retry"};
};

struct Transition {
  IncidentStatus from;
  IncidentEvent event;
  IncidentStatus to;
};

std::span<const Transition> transitions();

// Moves the incident and appends to its timeline (bounded; the oldest entries after the first go).
// conflict where the event does not fit the status: nothing is changed. No side effect.
Result<void> apply(Incident& incident, IncidentEvent event, UnixMs now, std::string detail,
                   std::string actor = "healer");

// Appends to the timeline what changes no status; nothing where it is full.
void add_note(Incident& incident, UnixMs now, std::string detail, std::string actor);

bool can(IncidentStatus status, IncidentEvent event);
bool is_done(IncidentStatus status);

// Before its fix begins; working on it; a pull request may be open; after the merge.
bool is_waiting_for_decision(IncidentStatus status);
bool is_awaiting_person(IncidentStatus status);
bool has_merged(IncidentStatus status);
// Ends: cured, with or without us; told or noted, and nothing was done.
bool ended_well(IncidentStatus status);
bool ended_quietly(IncidentStatus status);
// Stations on the way are seen in lists and streams; people are told what ends or needs them.
bool is_told(IncidentStatus status);
// A page is due: done and not cured, or a person is asked.
bool is_trouble(IncidentStatus status);

// Mermaid state diagram of the table; docs/incident-states.md is this text.
std::string state_diagram();

}  // namespace healer
