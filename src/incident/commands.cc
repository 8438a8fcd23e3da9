#include "incident/commands.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "base/limits.h"
#include "incident/flow.h"
#include "incident/flow_step.h"
#include "types/json.h"
#include "types/mask.h"

namespace healer {
namespace {

constexpr const char* kRuns = "incident_runs";
constexpr const char* kFeedback = "feedback";

CommitDone answer(DurableDone done) {
  return [done = std::move(done)](const CommitResult& result) mutable {
    if (result.ok())
      done({});
    else
      done(std::unexpected(to_error(result)));
  };
}

// Where an ended incident goes on when it is asked to; empty: the act does not begin it anew.
std::string_view first_step_of(SignalKind kind) {
  switch (kind) {
    case SignalKind::fix:
    case SignalKind::retry: return "decide";
    case SignalKind::revert: return "revert";
    default: return {};
  }
}

}  // namespace

void apply_edit(Incident& incident, const IncidentSignal& signal, UnixMs now) {
  if (signal.kind == SignalKind::report) {
    // An agent's or a flow's word is a claim: it is written down, and proves nothing.
    return add_note(incident, now, "claimed: " + mask(signal.why).str(), signal.actor);
  }
  if (!signal.assignee.empty()) incident.assignee = signal.assignee;
  if (!signal.note.empty()) incident.note = mask(signal.note).str();
  if (const auto severity = parse_enum<Severity>(signal.severity)) incident.severity = *severity;
  if (signal.labels.empty()) return;
  incident.labels.clear();
  std::istringstream words(signal.labels);
  for (std::string word; std::getline(words, word, ',');) incident.labels.push_back(word);
}

Handover IncidentCommands::opening(const IncidentRecord& record, WriteBatch& also) {
  also.add(PutIncident{.row = to_row(record.incident), .expected = 0});
  return {.run = record.incident.id, .step = IncidentFlow::kFirstStep, .state = to_json(record)};
}

Result<std::string> IncidentCommands::workflow_of(const std::string& id) const {
  const auto run = TRY(lookup_.value(kRuns, id));
  return run ? id + "/" + *run : id;
}

Result<IncidentRow> IncidentCommands::row_of(const std::string& id) const {
  auto row = TRY(incidents_.incident(id));
  if (!row) return fail(Errc::not_found, fmt::format("there is no incident {}", id));
  return std::move(*row);
}

Result<IncidentRecord> IncidentCommands::record(const std::string& id) const {
  const IncidentRow row = TRY(row_of(id));
  auto record = TRY(from_json<IncidentRecord>(TRY(orchestrator_.look(TRY(workflow_of(id)))).state));
  record.incident = TRY(from_json<Incident>(row.body_json));
  record.incident.count = row.count;
  record.incident.last_seen = row.last_seen;
  return record;
}

Result<void> IncidentCommands::fits(const Incident& incident, const IncidentSignal& signal) const {
  const auto refuse = [&](std::string_view what) -> Result<void> {
    return fail(Errc::conflict, fmt::format("incident {} is {}: {}", incident.id,
                                            to_string(incident.status), what));
  };
  switch (signal.kind) {
    case SignalKind::approve:
      if (!is_awaiting_person(incident.status)) return refuse("it does not wait for an approval");
      if (signal.subject.empty() || signal.subject != incident.asks_for)
        return refuse(
            fmt::format("the approval must name what is approved: {}", incident.asks_for));
      return {};
    case SignalKind::dismiss:
      if (!can(incident.status, IncidentEvent::dismiss)) return refuse("it cannot be dismissed");
      return {};
    case SignalKind::retry:
      if (!can(incident.status, IncidentEvent::retry)) return refuse("it cannot be tried again");
      return {};
    case SignalKind::revert:
      if (!can(incident.status, IncidentEvent::revert)) return refuse("nothing can be reverted");
      return {};
    case SignalKind::fix:
      if (is_awaiting_person(incident.status))
        return refuse(fmt::format("it waits for the approval of {}", incident.asks_for));
      if (incident.done && !can(incident.status, IncidentEvent::retry))
        return refuse("it cannot be fixed any more");
      return {};
    default: return {};
  }
}

void IncidentCommands::act(const std::string& id, IncidentSignal signal, DurableDone done) {
  auto row = row_of(id);
  if (!row) return done(std::unexpected(row.error()));
  auto incident = from_json<Incident>(row->body_json);
  if (!incident) return done(std::unexpected(incident.error()));
  if (auto fit = fits(*incident, signal); !fit) return done(std::unexpected(fit.error()));
  if (signal.at.ms == 0) signal.at = clock_.wall_ms();
  const auto workflow = workflow_of(id);
  if (!workflow) return done(std::unexpected(workflow.error()));
  // An incident that has ended for people may still be at work: it is told, not begun beside that.
  const auto run = orchestrator_.look(*workflow);
  if (!run && run.error().code != Errc::not_found) return done(std::unexpected(run.error()));
  if (run && run->running) return orchestrator_.resume(*workflow, to_json(signal), std::move(done));
  const bool is_news = signal.kind == SignalKind::seen || signal.kind == SignalKind::alert ||
                       signal.kind == SignalKind::deploy;
  if (is_news) return done({});  // too late to matter
  if (!first_step_of(signal.kind).empty()) return begin_anew(id, signal, std::move(done));
  if (signal.kind == SignalKind::dismiss) {
    if (auto moved = apply(*incident, IncidentEvent::dismiss, signal.at,
                           signal.why.empty() ? "dismissed" : mask(signal.why).str(), signal.actor);
        !moved)
      return done(std::unexpected(moved.error()));
    row->body_json = to_json(*incident);
  }
  change_row(std::move(*row), signal, std::move(done));
}

void IncidentCommands::change_row(IncidentRow row, const IncidentSignal& signal, DurableDone done) {
  auto incident = from_json<Incident>(row.body_json);
  if (!incident) return done(std::unexpected(incident.error()));
  if (signal.kind == SignalKind::edit || signal.kind == SignalKind::report)
    apply_edit(*incident, signal, signal.at);
  PutIncident put{.row = to_row(*incident), .expected = row.version};
  put.row.hidden = row.hidden;
  WriteBatch batch;
  batch.add(std::move(put));
  journal_.commit(std::move(batch), answer(std::move(done)));
}

void IncidentCommands::begin_anew(const std::string& id, const IncidentSignal& signal,
                                  DurableDone done) {
  auto record = this->record(id);
  if (!record) return done(std::unexpected(record.error()));
  auto run = lookup_.value(kRuns, id);
  if (!run) return done(std::unexpected(run.error()));
  int number = 1;
  if (*run) std::from_chars((*run)->data(), (*run)->data() + (*run)->size(), number);
  ++number;
  if (signal.kind != SignalKind::revert) {
    if (auto moved =
            apply(record->incident, IncidentEvent::retry, signal.at,
                  signal.why.empty() ? "asked to try again" : mask(signal.why).str(), signal.actor);
        !moved)
      return done(std::unexpected(moved.error()));
    start_over(*record);
    record->request = "api";
  }
  WriteBatch also;
  also.add(PutIncident{.row = to_row(record->incident), .expected = kAnyVersion});
  also.add(PutValue{{kRuns, id, std::to_string(number)}});
  orchestrator_.hand_over({{.run = fmt::format("{}/{}", id, number),
                            .step = std::string(first_step_of(signal.kind)),
                            .state = to_json(*record)}},
                          std::move(also), std::move(done));
}

void IncidentCommands::hide(const std::string& id, bool hidden, DurableDone done) {
  auto row = row_of(id);
  if (!row) return done(std::unexpected(row.error()));
  row->hidden = hidden;
  WriteBatch batch;
  const std::int64_t version = row->version;
  batch.add(PutIncident{.row = std::move(*row), .expected = version});
  journal_.commit(std::move(batch), answer(std::move(done)));
}

void IncidentCommands::deployed(const Deploy& deploy, DurableDone done) {
  auto batch = Ledger(journal_, lookup_).was_deployed(deploy);
  if (!batch) return done(std::unexpected(batch.error()));
  journal_.commit(std::move(*batch),
                  [this, deploy, done = std::move(done)](const CommitResult& result) mutable {
                    if (!result.ok()) return done(std::unexpected(to_error(result)));
                    IncidentQuery waiting;
                    waiting.service = deploy.service;
                    waiting.status = to_string(IncidentStatus::deploying);
                    waiting.with_hidden = true;
                    waiting.limit = limits::kPageRowsMax;
                    auto page = incidents_.incidents(waiting);
                    if (!page) return done(std::unexpected(page.error()));
                    for (const auto& row : page->rows) {
                      auto workflow = workflow_of(row.id);
                      if (!workflow) continue;
                      IncidentSignal signal{.kind = SignalKind::deploy, .actor = "deploy"};
                      signal.subject = deploy.commit;
                      signal.at = clock_.wall_ms();
                      orchestrator_.resume(*workflow, to_json(signal), [](const Result<void>&) {});
                    }
                    done({});
                  });
}

void IncidentCommands::silence(const std::string& fingerprint_or_service, UnixMs until,
                               DurableDone done) {
  WriteBatch batch;
  batch.add(Ledger::silence(fingerprint_or_service, until));
  journal_.commit(std::move(batch), answer(std::move(done)));
}

void IncidentCommands::feedback(const std::string& id, const std::string& json, DurableDone done) {
  if (auto row = row_of(id); !row) return done(std::unexpected(row.error()));
  WriteBatch batch;
  batch.add(PutValue{{kFeedback, fmt::format("{}/{}", id, clock_.wall_ms()), mask(json).str()}});
  journal_.commit(std::move(batch), answer(std::move(done)));
}

}  // namespace healer
