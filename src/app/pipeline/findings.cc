#include "app/pipeline/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "stages/mine/mask.h"
#include "types/json.h"

namespace healer {
namespace {

// Records that arrive within this time of the last one belong to an incident that has ended without
// a cure.
constexpr Millis kRejoinMax{3'600'000};
// An incident that waits for a decision hears of more records this often.
constexpr Millis kTellEvery{200};
constexpr int kConflictsMax = 5;

WriteOp to_op(const LogTemplate& item) {
  return PutTemplate{{.id = item.id,
                      .fingerprint = item.fingerprint,
                      .alias_of = item.alias_of,
                      .service = item.service,
                      .birth_key = item.birth_key,
                      .text = item.text}};
}

LogTemplate from_row(const TemplateRow& row) {
  return {.id = row.id,
          .fingerprint = row.fingerprint,
          .alias_of = row.alias_of,
          .service = row.service,
          .birth_key = row.birth_key,
          .text = row.text};
}

// Control characters of a log would move a terminal's cursor, and NUL ends a database's search.
std::string printable(std::string text) {
  for (char& c : text)
    if ((c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == '\x7f') c = '?';
  return text;
}

// The one incident of all the failures that a service has beyond what is told apart.
Finding all_further_failures(const Finding& one) {
  Finding out = one;
  out.fingerprint = hash64("all further failures", hash64(one.service));
  out.template_text = kWildcard;
  out.analysis.summary =
      fmt::format("{} fails in too many new ways at once: this stands for all beyond the first {}",
                  one.service.empty() ? "something" : one.service, limits::kIncidentsPerServiceMax);
  out.analysis.suggested_fix = "look for what they have in common; their logs have the details";
  out.analysis.affected_file.clear();
  out.analysis.knowledge.clear();
  out.analysis.uncertain = true;
  out.process_death = out.alert_firing = false;
  return out;
}

// `written_by`: when the version that wrote the records was deployed; 0: unknown.
bool joins(const OpenIncidents::Known& known, const Finding& finding, UnixMs written_by, UnixMs now,
           const Policy& policy) {
  if (!known.done) return true;
  if (finding.alert_firing && (known.ended_well || known.alert_over)) return false;
  // An old instance that still logs what the newest deploy has cured.
  if (known.ended_well) return written_by != 0 && written_by < known.cured_at;
  const bool is_alert = finding.alert_firing || finding.alert_resolved;  // one comes rarely
  const bool may_grow = known.quiet_end && finding.analysis.severity >= Severity::high && !is_alert;
  // A backlog was noted; what is written now is another matter.
  const auto is_old = [&](UnixMs written) { return now - written > policy.record_age_max.count(); };
  if (may_grow && is_old(known.last_written) && !is_old(finding.last_seen)) return false;
  const Millis gap = may_grow ? policy.persist_window : kRejoinMax;
  return now - known.last_arrival <= gap.count();
}

}  // namespace

Findings::Findings(PipelineWorld world) : world_(std::move(world)), miner_(template_ids_) {}

Result<void> Findings::restore() {
  std::vector<LogTemplate> templates;
  for (const auto& row : TRY(world_.store.templates())) templates.push_back(from_row(row));
  miner_.restore(templates);
  for (const auto& row : TRY(world_.store.open_incidents())) world_.open.update(row);
  return {};
}

Receipt Findings::add(Effect& effect, RecordBatch& batch, UnixMs now, bool always) {
  static auto& records = Metrics::counter("records_total");
  Receipt receipt{.records = batch.records.size()};
  if (batch.records.empty()) return receipt;
  records += static_cast<std::int64_t>(batch.records.size());
  world_.services.assign(batch);
  const auto hits = miner_.add(batch);
  for (auto& item : miner_.take_changes()) changed_.push_back(std::move(item));
  const auto kept = always ? KeptFindings::all : KeptFindings::serious;
  auto findings = analyze(analyzed_, world_.knowledge, hits, now, kept);
  std::unordered_set<TemplateId> failing, alerts;
  for (auto& finding : findings) {
    failing.insert(finding.template_id);
    if (finding.alert_firing || finding.alert_resolved) alerts.insert(finding.template_id);
    // A clock that runs ahead must not make anything wait for its time to come.
    finding.first_seen = std::min(finding.first_seen, now);
    finding.last_seen = std::min(finding.last_seen, now);
  }
  for (const auto& hit : hits) {
    CountDelta delta{.fingerprint = hit.fingerprint, .at = now, .n = hit.count};
    if (keeps_apart(*hit.record, now)) {
      delta.instance = hit.record->host;
      delta.version = hit.record->version;
    }
    // A template is judged by its first record, and access logs note failed requests in between:
    // what its service calls information is its usual work.
    const bool usual = !failing.contains(hit.template_id) ||
                       (hit.record->level == Level::info && !alerts.contains(hit.template_id));
    if (!hit.record->service.empty() && usual) {
      CountDelta normal = delta;
      normal.fingerprint = normal_fingerprint(hit.record->service);
      effect.count(std::move(normal));
    }
    effect.count(std::move(delta));
  }
  std::ranges::stable_sort(findings, std::greater<>{},
                           [](const Finding& finding) { return finding.analysis.severity; });
  if (always && findings.size() > 1) findings.erase(findings.begin() + 1, findings.end());
  const Flood flood = always ? Flood::own_incident : Flood::one_incident;
  for (const auto& finding : findings) file(effect, finding, receipt, now, flood);
  return receipt;
}

// Hosts and versions are what lines say: past the limit new ones are counted together.
bool Findings::keeps_apart(const LogRecord& record, UnixMs now) {
  if (record.host.empty() && record.version.empty()) return true;
  const UnixMs hour = now / 3'600'000;
  if (hour != instances_hour_) instances_.clear();
  instances_hour_ = hour;
  const std::uint64_t name = hash64(record.version, hash64(record.host));
  if (instances_.contains(name)) return true;
  if (instances_.size() >= limits::kInstancesPerHourMax) {
    ++Metrics::counter("instances_limit_hits");
    return false;
  }
  instances_.insert(name);
  return true;
}

std::optional<OpenIncidents::Known> Findings::known(Fingerprint fingerprint) {
  if (auto found = world_.open.find(fingerprint)) return found;
  auto row = world_.store.latest_incident(fingerprint);
  if (!row || !*row) return std::nullopt;
  world_.open.update(**row);
  return world_.open.find(fingerprint);
}

bool Findings::is_flooded(const Effect& effect, const std::string& service, UnixMs now) const {
  std::size_t n = 0;
  if (const auto it = effect.opened_of.find(service); it != effect.opened_of.end()) n += it->second;
  const auto before = opened_.find(service);
  if (before != opened_.end() && now - before->second.since < limits::kIncidentsWindow.count())
    n += before->second.n;
  return n >= limits::kIncidentsPerServiceMax ||
         effect.openings.size() >= limits::kIncidentsPerBatchMax;
}

void Findings::file(Effect& effect, const Finding& finding, Receipt& receipt, UnixMs now,
                    Flood flood) {
  // A backlog is no storm, and neither is an alert that is over.
  if (finding.analysis.severity >= Severity::high && !finding.service.empty() &&
      !finding.alert_resolved && now - finding.last_seen <= world_.policy().record_age_max.count())
    world_.storm.failing(finding.service, now);
  if (const auto opening = effect.openings.find(finding.fingerprint);
      opening != effect.openings.end()) {
    Incident& incident = opening->second.incident;
    incident.count += static_cast<std::int64_t>(finding.count);
    incident.last_seen = std::max<UnixMs>(incident.last_seen, finding.last_seen);
    return receipt.joins(incident.id, false, finding.analysis.severity);
  }
  const auto before = known(finding.fingerprint);
  const UnixMs written_by = world_.services.deployed_at(finding.service, finding.version);
  if (!before || !joins(*before, finding, written_by, now, world_.policy())) {
    if (finding.alert_resolved) return;
    if (flood == Flood::one_incident && is_flooded(effect, finding.service, now)) {
      ++Metrics::counter("incidents_limit_hits");
      return file(effect, all_further_failures(finding), receipt, now, Flood::own_incident);
    }
    return open(effect, finding, before ? before->id : "", receipt, now);
  }
  auto& more = effect.seen[before->id];
  if (!finding.alert_resolved) more.n += static_cast<std::int64_t>(finding.count);
  more.last_seen = std::max(more.last_seen, finding.last_seen);
  more.arrival = now;
  more.fingerprint = finding.fingerprint;
  more.waiting = before->waiting;
  if (finding.alert_firing || finding.alert_resolved) more.alert_firing = finding.alert_firing;
  receipt.joins(before->id, false, finding.analysis.severity);
}

void Findings::open(Effect& effect, const Finding& finding, const std::string& parent,
                    Receipt& receipt, UnixMs now) {
  IncidentRecord record;
  Incident& incident = record.incident;
  incident.id = world_.ids.uuid7();
  incident.severity = finding.analysis.severity;
  incident.category = finding.analysis.category;
  incident.service = finding.service;
  const Service* service = world_.services.find(finding.service);
  if (service != nullptr) incident.environment = service->environment;
  incident.summary = printable(finding.analysis.summary);
  incident.suggested_fix = finding.analysis.suggested_fix;
  incident.affected_file = finding.analysis.affected_file;
  incident.confidence = finding.analysis.confidence;
  incident.uncertain = finding.analysis.uncertain;
  incident.brain = finding.analysis.brain;
  incident.fingerprint = hex16(finding.fingerprint);
  incident.template_text = printable(finding.template_text);
  incident.count = static_cast<std::int64_t>(finding.count);
  incident.first_seen = finding.first_seen;
  incident.last_seen = finding.last_seen;
  incident.created = now;
  incident.parent = parent;
  incident.evidence = finding.evidence;
  for (auto& line : incident.evidence) line.text = printable(std::move(line.text));
  incident.timeline.push_back(
      {.status = IncidentStatus::detected,
       .at = now,
       .detail = finding.novel ? "a failure that was never seen before" : "a known failure again",
       .actor = "healer"});
  record.analysis = finding.analysis;
  record.source = finding.source;
  record.version = finding.version;
  record.process_death = finding.process_death;
  record.alert = finding.alert_firing;
  record.alert_firing = finding.alert_firing;
  record.alert_changed_at = now;
  record.newest_record = now;
  record.record_time = finding.last_seen;
  const UnixMs deployed = world_.services.deployed_at(finding.service, finding.version);
  if (deployed != 0 && finding.first_seen > deployed)
    record.onset_ms = finding.first_seen - deployed;
  receipt.joins(incident.id, true, incident.severity);
  ++effect.opened_of[finding.service];
  effect.openings.emplace(finding.fingerprint, std::move(record));
}

void Effect::count(CountDelta delta) {
  const auto key = hash64(delta.version, hash64(delta.instance, delta.fingerprint));
  const auto [place, fresh] = count_of_.try_emplace(key, counts.size());
  if (fresh)
    counts.push_back(std::move(delta));
  else
    counts[place->second].n += delta.n;
}

bool Effect::holds(const IdempotencyKey& key) const {
  return std::ranges::any_of(once, [&](const auto& item) {
    return item.first.route == key.route && item.first.key == key.key;
  });
}

WriteBatch Findings::batch_of(const Effect& effect, const std::vector<Receipt>& receipts) {
  WriteBatch out;
  const UnixMs expires = world_.clock.wall_ms() + limits::kIdempotencyKept.count();
  for (const auto& [key, index] : effect.once)
    out.add(PutIdempotency{{.key = key.key,
                            .route = key.route,
                            .response = receipts[index].kept(key.request),
                            .expires = expires}});
  for (const auto& item : changed_) out.add(to_op(item));
  for (const auto& delta : effect.counts) out.add(delta);
  for (const auto& [id, more] : effect.seen)
    out.add(IncidentSeen{.id = id, .n = more.n, .last_seen = more.last_seen});
  for (const auto& source : effect.dropped) out.add(DropCheckpoint{source});
  for (const auto& [source, bytes] : effect.checkpoints) out.add(PutCheckpoint{{source, bytes}});
  return out;
}

CommitResult Findings::commit_once(const Effect& effect, const std::vector<Receipt>& receipts) {
  WriteBatch batch = batch_of(effect, receipts);
  if (effect.openings.empty()) return commit_and_wait(world_.journal, std::move(batch));
  std::vector<Handover> handovers;
  for (const auto& [fingerprint, record] : effect.openings)
    handovers.push_back(IncidentCommands::opening(record, batch));
  std::promise<CommitResult> promise;
  world_.orchestrator.hand_over(std::move(handovers), std::move(batch),
                                [&](const Result<void>& result) {
                                  if (result) return promise.set_value({});
                                  const Error& error = result.error();
                                  CommitStatus status = CommitStatus::io;
                                  if (error.code == Errc::conflict) status = CommitStatus::conflict;
                                  if (error.code == Errc::busy) status = CommitStatus::busy;
                                  if (error.code == Errc::full) status = CommitStatus::full;
                                  promise.set_value({status, error.message});
                                });
  return promise.get_future().get();
}

// Somebody else opened an incident of that fingerprint meanwhile (a person's retry): the records
// join it.
bool Findings::join_existing(Effect& effect, std::vector<Receipt>& receipts) {
  bool any = false;
  for (auto it = effect.openings.begin(); it != effect.openings.end();) {
    auto row = world_.store.open_incident(it->first);
    if (!row || !*row) {
      ++it;
      continue;
    }
    any = true;
    const Incident& incident = it->second.incident;
    auto& more = effect.seen[(*row)->id];
    more.n += incident.count;
    more.last_seen = std::max<UnixMs>(more.last_seen, incident.last_seen);
    more.arrival = incident.created;
    more.fingerprint = it->first;
    for (auto& receipt : receipts) {
      if (receipt.incident != incident.id) continue;
      receipt.incident = (*row)->id;
      receipt.is_new = false;
    }
    world_.open.update(**row);
    it = effect.openings.erase(it);
  }
  return any;
}

CommitResult Findings::commit(Effect& effect, std::vector<Receipt>& receipts) {
  CommitResult result;
  for (int attempt = 0; attempt < kConflictsMax; ++attempt) {
    result = commit_once(effect, receipts);
    if (result.status != CommitStatus::conflict) break;
    if (!join_existing(effect, receipts)) break;
  }
  if (result.ok()) after_commit(effect);
  return result;
}

void Findings::after_commit(const Effect& effect) {
  changed_.clear();
  Metrics::counter("incidents_opened_total") += static_cast<std::int64_t>(effect.openings.size());
  const UnixMs now = world_.clock.wall_ms();
  for (const auto& [service, n] : effect.opened_of) {
    Opened& opened = opened_[service];
    if (now - opened.since >= limits::kIncidentsWindow.count()) opened = {.since = now, .n = 0};
    opened.n += n;
  }
  for (const auto& [id, more] : effect.seen) {
    world_.open.seen(more.fingerprint, more.arrival, more.last_seen);
    if (more.alert_firing) {
      world_.open.alert(more.fingerprint, *more.alert_firing);
      IncidentSignal signal{.kind = SignalKind::alert, .actor = "alertmanager"};
      signal.at = more.arrival;
      signal.firing = *more.alert_firing;
      world_.commands.act(id, signal, [](const Result<void>&) {});
    } else if (more.waiting) {
      if (signals_.empty()) signals_due_ = now + kTellEvery.count();
      signals_[id] = {.arrival = more.arrival, .written = more.last_seen};
    }
  }
}

void Findings::send_due_signals() {
  if (signals_.empty() || world_.clock.wall_ms() < signals_due_) return;
  for (const auto& [id, told] : signals_) {
    IncidentSignal signal{.kind = SignalKind::seen, .actor = "healer"};
    signal.at = told.arrival;
    signal.written = told.written;
    world_.commands.act(id, signal, [](const Result<void>&) {});
  }
  signals_.clear();
}

}  // namespace healer
